import AdvTensor
import AdvThreat

/// Momentum FGSM over diverse inputs — Xie et al. 2018, arXiv:1803.06978 (M-DI²-FGSM).
///
/// With probability p the gradient of a step is taken through a random resize: the image is shrunk to between
/// `shrinkage` and all of its size (nearest pixel) and put at a random place on black. Then as MI-FGSM.
public struct DiverseInputsFGSM: Attack {
  /// Gradient steps.
  public var steps = 10
  /// How often a step's gradient goes through a resize.
  public var probability: Float = 0.5  // p
  /// The smallest size over the image's.
  public var shrinkage: Float = 0.9
  /// How much of the accumulated gradient stays from step to step.
  public var decay: Float = 1  // μ
  /// Length of all steps together over the radius.
  public var relativeLength: Float = 1  // α · steps / ε
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The published probability, ten steps with full memory.
  public init() {}

  /// Steps along the gradients of resized images; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let size = ImageSize(problem.images.shape.droppingFirst())
    var ascent = try MomentumAscent(
      problem, Self.card, loss, length: relativeLength, steps: steps, on: oracle)
    for step in 0..<steps where !ascent.isFinished {
      try ascent.judge(on: oracle)
      guard !ascent.isFinished else { break }
      let images = ascent.search.active
      let resizings = images.indices.map { row in
        var stream = ascent.search.stream(row: row, restart: 0).substream(UInt64(step))
        return Resizing(size, probability: probability, shrinkage: shrinkage, &stream)
      }
      var points = ascent.x
      Rows.forEachIndexed(&points, ascent.x) { row, point, from, _ in resizings[row].apply(from, into: point)
      }
      var slopes = Tensor(ascent.x.shape)
      try ascent.probe(points, into: &slopes, times: 1, on: oracle)
      var gradient = Tensor(slopes.shape)
      let left = images.indices.filter { ascent.search.active.contains(images[$0]) }
      Rows.forEachIndexed(&gradient, slopes) { row, sum, slope, _ in
        resizings[left[row]].applyTransposed(slope, into: sum)
      }
      ascent.ascend(along: gradient, decay: decay)
    }
    try ascent.judge(on: oracle)
    return ascent.result
  }
}

extension DiverseInputsFGSM {
  /// DI-FGSM.
  public static let card = AttackCard(
    "difgsm", "Diverse inputs FGSM", paper: "arXiv:1803.06978",
    rule: "MI-FGSM, with probability p through a random resize and pad of the image",
    norms: [.linf], kind: .budget, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<DiverseInputsFGSM>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .float("probability", \.probability, in: 0...1, "How often a gradient goes through a resize."),
    .float("shrinkage", \.shrinkage, in: 0.01...1, "Smallest size over the image's."),
    .float("decay", \.decay, in: 0...1, "How much of the accumulated gradient stays."),
    .float("relative-length", \.relativeLength, in: 0...100, "Length of all steps over the radius."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
