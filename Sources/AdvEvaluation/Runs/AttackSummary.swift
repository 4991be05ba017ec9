import AdvThreat

/// The counts of a run. Accuracies are fractions of all its images.
public struct AttackSummary: Sendable {
  /// Images.
  public let images: Int
  /// Classified correctly before the attack.
  public let cleanCorrect: Int
  /// Correct at first, broken by the attack's image before it was rounded to levels.
  public let brokenInFloat: Int
  /// Correct at first, broken by the image in the file.
  public let brokenInFile: Int
  /// Correct at first, and the file's image is farther away than the radius allows.
  public let overBudget: Int
  /// Images without a trustworthy answer.
  public let errors: Int
  /// Broken in float, and not after rounding to levels; and how many of them repair has won back.
  public let spoilt: Int
  /// See `spoilt`.
  public let mended: Int
  /// Images whose attack was ended by a limit.
  public let cutShort: Int
  /// Those of them that count as held in their files.
  public let heldCutShort: Int
  /// The images that norms are counted over: correct at first, with a trustworthy answer.
  public let measured: Int
  /// How many images the attack had broken, before rounding, after at most so many forward passes each.
  public let curve: [CurvePoint]
  /// Images that passed through the model forwards and backwards.
  public let forwardImages: Int
  /// See `forwardImages`.
  public let backwardImages: Int

  /// Counts results.
  public init(_ results: [ImageResult]) {
    images = results.count
    cleanCorrect = results.count { $0.clean?.label == $0.label }
    brokenInFloat = results.count(where: \.isBrokenInFloat)
    brokenInFile = results.count { $0.outcome == .broken }
    overBudget = results.count { $0.outcome == .overBudget }
    errors = results.count { $0.outcome.reason != nil }
    let answered = results.filter { $0.clean?.label == $0.label && $0.outcome.reason == nil }
    robustInFloat = answered.count { !$0.isBrokenInFloat }
    robustInFile = answered.count { $0.outcome != .broken }
    spoilt = results.count(where: \.isSpoilt)
    mended = results.count { $0.isSpoilt && $0.outcome == .broken }
    cutShort = results.count(where: \.isCutShort)
    heldCutShort = answered.count { $0.outcome != .broken && $0.isCutShort }
    measured = answered.count
    distances = answered.map { $0.outcome == .broken ? $0.distances : nil }
    distancesInFloat = answered.map { $0.isBrokenInFloat ? $0.distancesInFloat : nil }
    curve = CurvePoint.steps(answered.compactMap(\.brokenAfter).map(Double.init))
    forwardImages = results.reduce(0) { $0 + $1.forwardPasses }
    backwardImages = results.reduce(0) { $0 + $1.backwardPasses }
  }

  /// Correct before the attack, and the model held against the attack's image before it was rounded.
  public let robustInFloat: Int
  /// Correct before the attack, and the model held against the image in the file.
  public let robustInFile: Int

  private let distances: [Distances?]
  private let distancesInFloat: [Distances?]

  /// The median norm of the files over the measured images, an image that was not broken being infinitely far:
  /// of an even number the lower middle, so that it is always the norm of one image. Infinite for no images.
  public func median(_ norm: Norm) -> Double { Self.median(distances, norm) }

  /// The same of what the attack found, before it was rounded to levels.
  public func medianInFloat(_ norm: Norm) -> Double { Self.median(distancesInFloat, norm) }

  /// How many files are broken within a distance of the original.
  public func distanceCurve(_ norm: Norm) -> [CurvePoint] {
    CurvePoint.steps(Self.norms(distances, norm).filter(\.isFinite))
  }

  private static func median(_ distances: [Distances?], _ norm: Norm) -> Double {
    let sorted = norms(distances, norm).sorted()
    return sorted.isEmpty ? .infinity : sorted[(sorted.count - 1) / 2]
  }

  private static func norms(_ distances: [Distances?], _ norm: Norm) -> [Double] {
    distances.map { $0?[norm] ?? .infinity }
  }
}

/// One step of a curve that counts images.
public struct CurvePoint: Sendable, Hashable {
  /// Where the count rises.
  public let position: Double
  /// The count from there on.
  public let count: Int

  /// The steps of the number of values up to a position.
  static func steps(_ values: [Double]) -> [CurvePoint] {
    var points: [CurvePoint] = []
    for (index, value) in values.sorted().enumerated() {
      if points.last?.position == value { points.removeLast() }
      points.append(CurvePoint(position: value, count: index + 1))
    }
    return points
  }
}
