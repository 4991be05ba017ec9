import AdvTensor
import AdvThreat
import Foundation

/// Translation-invariant momentum FGSM — Dong et al. 2019, arXiv:1904.02884 (TI-MI-FGSM).
///
/// The gradient of every channel is smoothed by a Gaussian before it is accumulated, which stands for the mean
/// gradient over shifted images. Then as MI-FGSM.
public struct TranslationInvariantFGSM: Attack {
  /// Gradient steps.
  public var steps = 10
  /// The side of the kernel in pixels, odd.
  public var kernel = 15
  /// The Gaussian's standard deviation in pixels.
  public var deviation: Float = 3  // σ
  /// How much of the accumulated gradient stays from step to step.
  public var decay: Float = 1  // μ
  /// Length of all steps together over the radius.
  public var relativeLength: Float = 1  // α · steps / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The paper's 15 × 15 kernel, ten steps with full memory.
  public init() {}

  /// Steps along the smoothed gradient; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let size = ImageSize(problem.images.shape.droppingFirst())
    let weights = (-(kernel / 2)...kernel / 2).map { exp(-pow(Float($0) / deviation, 2) / 2) }
    var ascent = try MomentumAscent(
      problem, Self.card, loss, length: relativeLength, steps: steps, on: oracle)
    for _ in 0..<steps where !ascent.isFinished {
      let gradient = try ascent.gradient(on: oracle)
      var smooth = gradient
      Rows.forEach(&smooth, gradient) { result, slope, _ in
        Self.smooth(slope, into: result, size, weights)
      }
      ascent.ascend(along: smooth, decay: decay)
    }
    try ascent.judge(on: oracle)
    return ascent.result
  }

  /// A Gaussian along rows and then along columns, pixels beyond the edge counted as 0; its scale does not matter,
  /// since g takes gradients of length 1.
  private static func smooth(
    _ slope: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, _ size: ImageSize,
    _ weights: [Float]
  ) {
    let reach = weights.count / 2
    var rows = [Float](repeating: 0, count: size.count)
    for channel in 0..<size.channels {
      for (row, column) in size.pixels {
        let taps = Swift.max(-reach, -column)...Swift.min(reach, size.width - 1 - column)
        rows[size.offset(channel, row, column)] = taps.reduce(0) {
          $0 + weights[reach + $1] * slope[size.offset(channel, row, column + $1)]
        }
      }
      for (row, column) in size.pixels {
        let taps = Swift.max(-reach, -row)...Swift.min(reach, size.height - 1 - row)
        result[size.offset(channel, row, column)] = taps.reduce(0) {
          $0 + weights[reach + $1] * rows[size.offset(channel, row + $1, column)]
        }
      }
    }
  }
}

extension TranslationInvariantFGSM {
  /// TI-FGSM.
  public static let card = AttackCard(
    "tifgsm", "Translation-invariant FGSM", paper: "arXiv:1904.02884",
    rule: "MI-FGSM on the gradient smoothed by a Gaussian kernel",
    norms: [.linf], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<TranslationInvariantFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .int("kernel", \.kernel, in: 1...255, "Side of the kernel in pixels."),
    .float("deviation", \.deviation, in: 0.01...100, "Standard deviation of the kernel in pixels."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
