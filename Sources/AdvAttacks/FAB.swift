import AdvTensor
import AdvThreat

/// Fast adaptive boundary attack — Croce & Hein 2019, arXiv:1907.02044.
///
/// Project the iterate (d₁) and the image (d₂) onto the nearest linearised boundary inside the box, step
/// between the two, x ← clip((x + η d₁)(1 − α) + (x₀ + η d₂) α) with α = min(‖d₁‖ / (‖d₁‖ + ‖d₂‖), α_max), and,
/// when across, go back towards the image: x ← x₀ + β (x − x₀).
public struct FAB: Attack {
  /// Which boundaries are looked at.
  public enum Rivals: String, CaseIterable, Sendable {
    /// The nearest of all classes: a backward pass for each.
    case all
    /// One class at a time, the likeliest on the clean image first: the targeted variant.
    case targets
  }

  /// Steps per restart (and target).
  public var steps = 100
  /// Starts per image; the first at the image itself.
  public var restarts = 1
  /// Which boundaries are looked at.
  public var rivals = Rivals.all
  /// The number of classes for `targets`.
  public var targets = 9
  /// The most weight of the image's own projection.
  public var bias: Float = 0.1  // α_max
  /// By how much a projection is stretched.
  public var overshoot: Float = 1.05  // η
  /// How much of the perturbation stays after a success.
  public var retreat: Float = 0.9  // β

  /// The published constants.
  public init() {}

  /// Walks along the boundary; the smallest adversarial perturbation is kept.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    let ranking = Ranking(search.here.logits, search.active, problem.criterion)
    let isTargeted = problem.criterion.goal == .targeted
    let rivalCount = problem.criterion.rivalCount(of: oracle.classCount)
    let rounds = rivals == .targets && !isTargeted ? Swift.min(targets, rivalCount) : 1
    for round in 0..<rounds {
      for restart in 0..<restarts where !search.isFinished {
        let lists = search.active.map { image in
          rivals == .targets ? [ranking.rival(round, of: image)] : ranking.rivals(of: image)
        }
        try walk(&search, lists, draw: round * restarts + restart, isFirst: restart == 0, on: oracle)
      }
    }
    return search.result
  }

  private func walk(
    _ search: inout Search, _ lists: [[Int]], draw: Int, isFirst: Bool, on oracle: any GradientOracle
  ) throws(ThreatError) {
    var lists = lists
    var x = isFirst ? search.originals : FABStep.start(search, draw: draw)
    for _ in 0..<steps where !search.isFinished {
      var settled = try search.linearize(at: x, on: oracle)
      guard settled.contains(false) else {
        search.drop(settled, &x)
        return
      }
      if search.problem.criterion.goal == .targeted { lists = NearestBoundary.towardTargets(search) }
      let boundary = try NearestBoundary(
        &search, rivals: lists, &settled, norm: search.problem.objective.norm, on: oracle)
      FABStep.move(&x, search, boundary, bias: bias, overshoot: overshoot)
      if let kept = search.drop(settled, &x) { lists = kept.map { lists[$0] } }
      search.countStep()
      if let kept = try search.judge(&x, on: oracle) { lists = kept.map { lists[$0] } }
      FABStep.retreat(&x, search, by: retreat)
    }
  }
}

extension FAB {
  /// The fast adaptive boundary attack.
  public static let card = AttackCard(
    "fab", "Fast adaptive boundary", paper: "arXiv:1907.02044",
    rule: "x <- clip((x + eta d1)(1 - a) + (x0 + eta d2) a), d1, d2 onto the nearest linearised boundary",
    norms: [.linf, .l2, .l1], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<FAB>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps per restart and target."),
    .int("restarts", \.restarts, in: 1...1_000, "Starts per image, the first at the image itself."),
    .choice("rivals", \.rivals, "All classes at once, or one target class at a time."),
    .int("targets", \.targets, in: 1...10_000, "Target classes, the likeliest first."),
    .float("bias", \.bias, in: 0...1, "Most weight of the image's own projection."),
    .float("overshoot", \.overshoot, in: 1...10, "Stretch of a projection."),
    .float("retreat", \.retreat, in: 0...1, "Share of the perturbation that stays after a success."),
  ]

  /// FAB through nine target classes: one backward pass a step, whatever the number of classes.
  public static let targeted: FAB = {
    var attack = FAB()
    attack.rivals = .targets
    return attack
  }()
}
