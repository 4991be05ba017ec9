import AdvThreat

/// The figures of a grid, counted from its ledger: what every report shows.
///
/// Shares are fractions of all images. An image on which there is no trustworthy answer counts as not robust;
/// how many there are is said beside it.
public struct GridSummary: Sendable {
  /// One attack at one radius on one subject.
  public struct Cell: Sendable {
    /// Attack and radius.
    public let cell: GridPlan.Cell
    /// Images that the attack ran on.
    public var attacked = 0
    /// Broken by this attack, in the file.
    public var broken = 0
    /// Broken by this attack before rounding to levels.
    public var brokenInFloat = 0
    /// Farther away than the radius allows, and so no success.
    public var overBudget = 0
    /// Without a trustworthy answer.
    public var errors = 0
    /// Attacked images that had a step without a gradient.
    public var withoutGradient = 0
    /// Passes of all images.
    public var forwards = 0, backwards = 0, queries = 0
    /// Right, and in the file not broken by this attack nor, where attacks get survivors only, an earlier one.
    public var robust = 0
    /// The same before rounding to levels.
    public var robustInFloat = 0
    /// Of the broken images: how many within 2⁰, 2¹, 2², … forward passes of the attack.
    public var brokenByCost: [Int] = []
    /// For every image whether it is counted in `robust`.
    public var mask: [Bool]
  }

  /// All attacks at one radius on one subject, the worst one for every image.
  public struct Worst: Sendable {
    /// Right, and broken by none of the attacks at this radius.
    public var robust = 0
    /// The same before rounding to levels.
    public var robustInFloat = 0
    /// Right, and broken by none of the attacks at this or a smaller radius, with an answer at each: it never rises.
    public var envelope = 0
    /// Without a trustworthy answer from some attack, and broken by none.
    public var errors = 0
    /// `robust` by class.
    public var byClass: [Int]
  }

  /// What came out for one subject.
  public struct Subject: Sendable {
    /// Right without any attack.
    public var clean = 0
    /// `clean` by class.
    public var cleanByClass: [Int]
    /// In the plan's order of cells.
    public var cells: [Cell]
    /// By radius.
    public var worst: [Worst]
    /// The median over all images of the distance to the nearest adversarial file that was found: 0 for an
    /// image that is wrong already, infinite for one that nothing broke.
    public var medianDistance = Double.infinity
    /// Right under each of the plan's conditions.
    public var conditions: [Int]
    /// Means over the corruptions among them.
    public var means: [ConditionMean] = []
  }

  /// Two subjects on the same images at one radius, after the worst attack on each.
  public struct Comparison: Sendable {
    /// The positions of the two.
    public let a: Int, b: Int
    /// The position of the radius; nil compares clean predictions.
    public let radius: Int?
    /// Images on which only the one and only the other holds.
    public var onlyA = 0, onlyB = 0
    /// The exact p-value, and the same raised for the number of comparisons.
    public var pValue = 1.0, holm = 1.0
  }

  /// Adversarial images of one subject shown to another.
  public struct Transfer: Sendable {
    /// Images broken on the source that both had right.
    public var tried = 0
    /// Of these, images that the target gets wrong as well.
    public var fooled = 0
  }

  /// What was done.
  public let plan: GridPlan
  /// Images in the ledger; fewer than planned where a run was stopped.
  public internal(set) var images = 0
  /// Images of each class.
  public internal(set) var imagesByClass: [Int] = []
  /// In the plan's order.
  public internal(set) var subjects: [Subject] = []
  /// Every pair of subjects, clean and at every radius.
  public internal(set) var comparisons: [Comparison] = []
  /// By radius, source and target; empty where nobody asked.
  public internal(set) var transfers: [[[Transfer]]] = []
  /// What the user should know, by attack.
  public internal(set) var notes: [String] = []
  /// Findings about the evaluation itself.
  public var audit: [AuditFinding] = []
  /// Names of the images, in order.
  public internal(set) var identifiers: [String] = []

  /// Whether every image has every result.
  public var isComplete: Bool { images == plan.data.images }

  init(plan: GridPlan) { self.plan = plan }
}
