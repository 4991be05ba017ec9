/// What an attack is, for catalogues, documentation and checks before it runs.
public struct AttackCard: Hashable, Sendable {
  /// What an attack needs to know of a model.
  public enum Access: String, CaseIterable, Sendable {
    /// The predicted class.
    case labels
    /// The logits.
    case scores
    /// Input gradients.
    case gradients
  }

  /// What an attack makes small.
  public enum Kind: String, CaseIterable, Sendable {
    /// Finds a point inside a given ball.
    case budget
    /// Finds the nearest adversarial point.
    case minimal
    /// Works under a threat of its own, which its parameters describe; there is no radius.
    case threat
  }

  /// What an attack must see at once.
  public enum Scope: String, CaseIterable, Sendable {
    /// One image: the others change nothing.
    case image
    /// All images of the problem, for a perturbation that they share.
    case problem
  }

  /// The name on the command line.
  public let id: String
  /// The name in the literature.
  public let title: String
  /// Where it was published: an arXiv number, or authors and year.
  public let paper: String
  /// The update rule in one formula.
  public let rule: String
  /// The norms that it can work in.
  public let norms: [Norm]
  /// The goals that it can work for.
  public let goals: [Goal]
  /// Fixed budget or smallest perturbation.
  public let kind: Kind
  /// The weakest oracle that it needs.
  public let access: Access
  /// Whether images are attacked each by itself.
  public let scope: Scope

  /// A card; `goals` defaults to both.
  public init(
    _ id: String, _ title: String, paper: String, rule: String, norms: [Norm], goals: [Goal] = Goal.allCases,
    kind: Kind, access: Access, scope: Scope = .image
  ) {
    self.id = id
    self.title = title
    self.paper = paper
    self.rule = rule
    self.norms = norms
    self.goals = goals
    self.kind = kind
    self.access = access
    self.scope = scope
  }

  /// This card under a preset's name.
  public func named(_ id: String, _ title: String, paper: String? = nil, rule: String? = nil) -> AttackCard {
    AttackCard(
      id, title, paper: paper ?? self.paper, rule: rule ?? self.rule, norms: norms, goals: goals, kind: kind,
      access: access, scope: scope)
  }

  /// Throws unless the attack can work on this problem.
  public func check(_ problem: AttackProblem) throws(ThreatError) {
    let limits = problem.limits
    if scope == .problem, limits.passes != nil || limits.isOnLattice {
      throw .unsupported(
        attack: id, what: "limits of queries and a search on the lattice",
        remedy: "leave them away: its images share one perturbation")
    }
    if kind == .threat {
      guard case .under = problem.objective else {
        throw .unsupported(attack: id, what: "a radius", remedy: "its own parameters say how far it goes")
      }
    } else if case .under(let threat) = problem.objective {
      throw .unsupported(attack: id, what: threat.explanation, remedy: "give a radius with --eps")
    }
    if !norms.contains(problem.objective.norm) {
      let known = norms.map(\.rawValue).joined(separator: ", ")
      throw .unsupported(
        attack: id, what: "the norm \(problem.objective.norm.rawValue)", remedy: "choose one of \(known)")
    }
    if !goals.contains(problem.criterion.goal) {
      let known = goals.map(\.rawValue).joined(separator: ", ")
      throw .unsupported(
        attack: id, what: "the goal \(problem.criterion.goal.rawValue)", remedy: "choose one of \(known)")
    }
    if kind == .budget, case .minimize = problem.objective {
      throw .unsupported(attack: id, what: "the smallest perturbation", remedy: "give a radius with --eps")
    }
  }
}
