import AdvThreat

/// The attacks that stay further from the optimum than the standard, with the reason.
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
    /// What it is run with, where its own defaults would take long.
    public var settings: [AttackEntry.Setting] = []
    /// The models that it holds for.
    public var surface = DecisionSurface.flat
  }

  /// The exception of an attack in a norm on models of one kind, if there is one.
  public static func of(_ attack: String, _ norm: Norm, _ surface: DecisionSurface = .flat) -> Exception? {
    all.first { $0.attack == attack && $0.norms.contains(norm) && $0.surface == surface }
  }

  /// Nothing is asked of attacks that do not look for the optimum.
  private static let none = ClosedFormLaw.Allowance(factor: .infinity)

  /// All exceptions.
  public static let all: [Exception] = flat + curved

  /// Those on linear models.
  private static let flat: [Exception] = [
    Exception(
      attack: "difgsm", norms: [.linf], allowance: .init(factor: 4),
      reason:
        "half of its gradients belong to a resized image, whose optimum is another, in ten steps often more",
      settings: [("steps", "100")]),
    Exception(
      attack: "tifgsm", norms: [.linf], allowance: none,
      reason: "it smooths the gradient, and that of a random linear model is noise"),
    Exception(
      attack: "pgd", norms: [.l1], allowance: .init(factor: 1.05),
      reason: "a constant step keeps circling the corners of the L1 ball that the box has cut"),
    Exception(
      attack: "pgd", norms: [.l2], allowance: .init(factor: 1.02),
      reason: "forty steps of one length have not quite turned to where the box leaves room"),
    Exception(
      attack: "mifgsm", norms: [.l2], allowance: .init(factor: 2),
      reason: "its steps add up to the radius, so what the box cuts off one of them is never made up for"),
    Exception(
      attack: "apgd", norms: [.l2], allowance: .init(factor: 1.02),
      reason: "as published it scales to the sphere and then cuts to the box: that gives radius away"),
    Exception(
      attack: "apgd-t", norms: [.l2], allowance: .init(factor: 1.02),
      reason: "as published it scales to the sphere and then cuts to the box: that gives radius away"),
    Exception(
      attack: "apgd", norms: [.l1], allowance: .init(factor: 3),
      reason: "the last 40 of its 100 steps are not enough to leave the broad support of its start"),
    Exception(
      attack: "apgd-t", norms: [.l1], allowance: .init(factor: 3),
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
      attack: "cw", norms: [.linf], allowance: .init(factor: 2, floor: 0.02),
      reason: "τ falls by a tenth at a time, and Adam's steps of 0.01 blur distances of this size",
      settings: [("steps", "200")]),
    Exception(
      attack: "ead", norms: [.l1], allowance: .init(factor: 1.25),
      reason: "it makes an elastic net small, of which L1 is a part", settings: [("steps", "300")]),
    Exception(
      attack: "cw", norms: [.l0], allowance: .init(factor: 2),
      reason: "it gives up elements greedily, and never takes one back"),
    Exception(
      attack: "jsma", norms: [.l0], allowance: .init(factor: 6),
      reason:
        "it moves two elements at a time, by their slopes alone: how much room they have it does not ask"),
    Exception(
      attack: "bb", norms: [.l1], allowance: .init(factor: 1.05),
      reason: "a fifth of the authors' steps does not bring it home", settings: [("steps", "1000")]),
    Exception(
      attack: "bb", norms: [.linf], allowance: .init(factor: 1.1, floor: 0.002),
      reason: "its steps shrink by half twenty times, in the corners of the box before they are home"),
    Exception(
      attack: "slide", norms: [.l1], allowance: .init(factor: 1.5),
      reason: "it spreads every step over one element in a hundred, where the optimum moves the steepest"),
    Exception(
      attack: "square", norms: [.linf], allowance: .init(factor: 1.3),
      reason: "without gradients, 5,000 queries do not find the sign of every coordinate"),
    Exception(
      attack: "square", norms: [.l2], allowance: .init(factor: 3),
      reason: "its bumps are smooth, the optimum of a random linear model is noise"),
    Exception(
      attack: "square", norms: [.l1], allowance: .init(factor: 4),
      reason: "its bumps are smooth, the optimum of a linear model is a few elements"),
    Exception(
      attack: "spsa", norms: [.linf, .l2], allowance: .init(factor: 1.3),
      reason: "its slopes are estimates from 128 directions"),
    Exception(
      attack: "nes", norms: [.linf, .l2], allowance: .init(factor: 1.5),
      reason: "its slopes are estimates from 25 directions"),
    Exception(
      attack: "simba", norms: [.l2], allowance: .init(factor: 1.1, floor: 0.001),
      reason:
        "it takes equal steps along coordinates, however steep they are, and must see each in the logits"),
    Exception(
      attack: "zoo", norms: [.l2], allowance: .init(factor: 1.1, floor: 0.2),
      reason: "Adam's steps of 0.01 in every coordinate blur distances of this size",
      settings: [("steps", "150"), ("searches", "6")]),
    Exception(
      attack: "boundary", norms: [.l2], allowance: .init(factor: 6),
      reason: "a random walk of 3,000 steps has adapted its steps three times", settings: [("steps", "3000")]),
    Exception(
      attack: "hopskipjump", norms: [.l2, .linf], allowance: .init(factor: 2.5, floor: 0.001),
      reason: "its normals are estimates from labels; it stops 1e-5 off the boundary",
      settings: [("steps", "12")]),
    Exception(
      attack: "signopt", norms: [.l2], allowance: .init(factor: 2.5, floor: 0.001),
      reason: "its slopes are estimates from labels", settings: [("queries", "6000")]),
    Exception(
      attack: "geoda", norms: [.l2], allowance: .init(factor: 3),
      reason: "its normals are estimates from labels, and its ray knows nothing of the box"),
    Exception(
      attack: "geoda", norms: [.linf], allowance: .init(factor: 3, floor: 0.001),
      reason: "one wrong sign costs a coordinate, and its ray knows nothing of the box"),
    Exception(
      attack: "noise", norms: Norm.allCases, allowance: none, reason: "noise looks for nothing"),
    Exception(
      attack: "blend", norms: [.l1, .l2, .linf], allowance: none, reason: "it goes in a random direction"),
  ]

  private static let fabInL1 =
    "from outside a large sphere its first step moves one element past the middle and back up on the other side: a "
    + "few images need a second start"

  /// Those on spheres and ellipsoids.
  private static let curved: [Exception] = [
    Exception(
      attack: "deepfool", norms: [.l1], allowance: none,
      reason:
        "its step goes along one element; from outside a large sphere that leads past the middle, back and forth",
      surface: .curved),
    Exception(
      attack: "fab", norms: [.l1], allowance: .init(factor: 1.5), reason: fabInL1,
      settings: [("restarts", "2")], surface: .curved),
    Exception(
      attack: "fab-t", norms: [.l1], allowance: .init(factor: 1.5), reason: fabInL1,
      settings: [("restarts", "2")], surface: .curved),
    Exception(
      attack: "ddn", norms: [.l2], allowance: .init(factor: 1.05),
      reason: "its first step of norm 1 leaps across a class of that width",
      settings: [("initial-norm", "0.1")], surface: .curved),
    Exception(
      attack: "fmn", norms: [.l0], allowance: .init(factor: 3),
      reason: "the radius is a whole number, and the slopes of single elements change as they move",
      surface: .curved),
    Exception(
      attack: "bb", norms: [.l1], allowance: .init(factor: 1.05),
      reason: "a fifth of the authors' steps does not bring it home", settings: [("steps", "1000")],
      surface: .curved),
    Exception(
      attack: "bb", norms: [.l0], allowance: .init(factor: 2),
      reason: "an element that moves changes the slopes of all: its plane is of another place",
      settings: [("steps", "1000")], surface: .curved),
    Exception(
      attack: "cw", norms: [.linf], allowance: .init(factor: 1.5, floor: 0.02),
      reason: "τ falls by a tenth at a time, and Adam's steps of 0.01 blur distances of this size",
      settings: [("steps", "200")], surface: .curved),
    Exception(
      attack: "cw", norms: [.l0], allowance: .init(factor: 1.5),
      reason: "it gives up elements greedily, and never takes one back", surface: .curved),
    Exception(
      attack: "jsma", norms: [.l0], allowance: none,
      reason: "it takes elements to the bounds of the box, and the inside of a sphere is not there",
      surface: .curved),
    Exception(
      attack: "zoo", norms: [.l2], allowance: .init(factor: 1.1, floor: 0.2),
      reason: "Adam's steps of 0.01 in every coordinate blur distances of this size",
      settings: [("steps", "150"), ("searches", "6")], surface: .curved),
    Exception(
      attack: "boundary", norms: [.l2], allowance: .init(factor: 4),
      reason: "a random walk of 3,000 steps has adapted its steps three times", settings: [("steps", "3000")],
      surface: .curved),
    Exception(
      attack: "hopskipjump", norms: [.l2, .linf], allowance: .init(factor: 1.75, floor: 0.001),
      reason: "its normals are estimates from labels", settings: [("steps", "12")], surface: .curved),
    Exception(
      attack: "signopt", norms: [.l2], allowance: .init(factor: 1.5, floor: 0.001),
      reason: "its slopes are estimates from labels", settings: [("queries", "6000")], surface: .curved),
    Exception(
      attack: "geoda", norms: [.l2, .linf], allowance: .init(factor: 1.5),
      reason: "its normals are estimates from labels", surface: .curved),
    Exception(
      attack: "blend", norms: [.l1, .l2, .linf], allowance: none, reason: "it goes in a random direction",
      surface: .curved),
  ]
}
