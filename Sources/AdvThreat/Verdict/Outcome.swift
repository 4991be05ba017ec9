/// What became of one image.
public enum Outcome: Hashable, Sendable {
  /// The clean image meets the criterion already.
  case alreadyWrong
  /// A candidate inside box and ball meets the criterion.
  case broken
  /// The candidate does not meet the criterion.
  case survived
  /// The candidate lies outside the ball; it counts as no success.
  case overBudget
  /// No trustworthy answer, with the reason.
  case error(String)

  /// The name in reports: `already-wrong`, `broken`, `survived`, `over-budget`, `error`.
  public var name: String {
    switch self {
    case .alreadyWrong: "already-wrong"
    case .broken: "broken"
    case .survived: "survived"
    case .overBudget: "over-budget"
    case .error: "error"
    }
  }

  /// The names of all outcomes, in the order of reports.
  public static let names = ["already-wrong", "broken", "survived", "over-budget", "error"]

  /// The reason of an error; nil for the others.
  public var reason: String? {
    if case .error(let reason) = self { reason } else { nil }
  }

  /// Whether the model holds: what robust accuracy counts. An image without an answer counts neither way.
  public var isRobust: Bool { self == .survived || self == .overBudget }
}
