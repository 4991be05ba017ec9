import AdvTensor
import AdvThreat

/// AutoAttack — Croce & Hein 2020, arXiv:2003.01690; for L1 Croce & Hein 2021, arXiv:2103.01208.
///
/// A cascade without parameters to tune: every member attacks the images that the ones before have not broken.
public struct AutoAttack: Attack {
  /// Which members there are.
  public enum Version: String, CaseIterable, Sendable {
    /// Auto-PGD on the cross-entropy, through 9 targets on the DLR, FAB through 9 targets, 5,000 queries of Square;
    /// for L1 Auto-PGD starts five times, and goes through 5 targets.
    case standard
    /// Five starts, the DLR without targets and FAB on all classes as well.
    case plus
    /// For random models: Auto-PGD on both losses, gradients averaged over 20 draws.
    case rand
  }

  /// Which of the published versions.
  public var version = Version.standard
  /// Where Square's windows may lie; the authors' program leaves the last row and column out.
  public var reach = Square.Reach.whole

  /// The standard version.
  public init() {}

  /// The standard version with the quirks of its program.
  static let reference: AutoAttack = {
    var attack = AutoAttack()
    attack.reach = .reference
    return attack
  }()

  /// The members as specifiers, in their order.
  public func members(_ norm: Norm) -> [String] {
    let square = reach == .whole ? "square" : "square:reach=\(reach.rawValue)"
    return switch version {
    case .standard where norm == .l1: ["apgd:restarts=5", "apgd-t:targets=5", "fab-t", square]
    case .standard: ["apgd", "apgd-t", "fab-t", square]
    case .plus: ["apgd:restarts=5", "apgd:restarts=5,loss=dlr", "fab:restarts=5", square, "apgd-t", "fab-t"]
    case .rand: ["apgd:samples=20", "apgd:samples=20,loss=dlr"]
    }
  }

  /// Runs the members on what is left.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    try Cascade(members: members(problem.objective.norm)).run(problem, on: oracle)
  }
}

extension AutoAttack {
  /// AutoAttack.
  public static let card = Cascade.card.named(
    "autoattack", "AutoAttack", paper: "arXiv:2003.01690",
    rule:
      "auto-PGD (cross-entropy), auto-PGD through targets (DLR), FAB through targets, Square; survivors only")

  /// The table of parameters.
  public static let parameters: [Parameter<AutoAttack>] = [
    .choice("version", \.version, "Which of the published versions."),
    .choice(
      "reach", \.reach,
      "Square's windows anywhere, as in the paper, or never on the last row and column, as in its program."),
  ]
}
