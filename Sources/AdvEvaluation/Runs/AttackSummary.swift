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
    forwardImages = results.reduce(0) { $0 + $1.forwardPasses }
    backwardImages = results.reduce(0) { $0 + $1.backwardPasses }
  }

  /// Correct before the attack, and the model held against the attack's image before it was rounded.
  public let robustInFloat: Int
  /// Correct before the attack, and the model held against the image in the file.
  public let robustInFile: Int
}
