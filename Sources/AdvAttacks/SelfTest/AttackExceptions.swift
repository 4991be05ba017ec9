import AdvThreat

/// The attacks that stay further from the optimum of linear models than the standard, with the reason.
public enum AttackExceptions {
  /// One exception: an attack in some norms, what is asked of it, and why not more.
  public struct Exception: Sendable {
    /// The attack's name in the catalogue.
    public let attack: String
    /// The norms that it holds for.
    public let norms: [Norm]
    /// What is asked instead.
    public let allowance: ClosedFormLaw.Allowance
    /// Why not more.
    public let reason: String
  }

  /// All exceptions.
  public static let all: [Exception] = [
    Exception(
      attack: "pgd", norms: [.l1], allowance: .init(factor: 1.05),
      reason: "a constant step keeps circling the corners of the L1 ball that the box has cut"),
    Exception(
      attack: "mifgsm", norms: [.l2], allowance: .init(factor: 1.5),
      reason: "its steps add up to the radius, so what the box cuts off one of them is never made up for"),
    Exception(
      attack: "apgd", norms: [.l1], allowance: .init(factor: 1.5),
      reason: "the last 40 of its 100 steps are not enough to leave the broad support of its start"),
    Exception(
      attack: "apgd-t", norms: [.l1], allowance: .init(factor: 1.5),
      reason: "the last 40 of its 100 steps are not enough to leave the broad support of its start"),
    Exception(
      attack: "ddn", norms: [.l2], allowance: .init(factor: 1.05, floor: 0.01),
      reason: "from norm 1, a hundred steps of 5 % reach down to 0.006"),
    Exception(
      attack: "fmn", norms: [.l0], allowance: .init(factor: 2),
      reason: "the radius is a whole number: next to 1 comes 2"),
    Exception(
      attack: "cw", norms: [.l2], allowance: .init(factor: 1.05, floor: 0.2),
      reason: "Adam's steps of 0.01 in every coordinate blur distances of this size"),
    Exception(
      attack: "square", norms: [.linf], allowance: .init(factor: 1.3),
      reason: "without gradients, 5,000 queries do not find the sign of every coordinate"),
    Exception(
      attack: "square", norms: [.l2], allowance: .init(factor: 3),
      reason: "its bumps are smooth, the optimum of a random linear model is noise"),
  ]
}
