import AdvTensor
import AdvThreat
import Foundation

/// Refuses images about which the model changes its mind when they are squeezed — Xu et al. 2017, arXiv:1704.01155.
///
/// score = max over squeezers s of Σ |softmax f(x) − softmax f(s(x))|, in 0…2; above the threshold the image is
/// refused. The squeezers are the paper's fewer bits and median; its non-local means are left out. The model gets
/// one more class, as in Carlini & Wagner 2017 (arXiv:1705.07263): its logit is the largest other one plus
/// 10 · (score − threshold), so that attacks see what sets the alarm off.
public struct FeatureSqueezing: Defense {
  /// What it is.
  public static let card = DefenseCard(
    "feature-squeezing", "Feature squeezing", paper: "arXiv:1704.01155",
    rule: "refuse x where max over s of |softmax f(x) - softmax f(s(x))|_1 > threshold",
    gradient: .straightThrough,
    remark: "a refused clean image counts as wrong, a refused adversarial one as not broken")

  /// Bits of the first squeezer.
  public var bits = 5
  /// The median window of the second.
  public var size = 2
  /// The score above which images are refused; the paper's for CIFAR-10, where 5 % of clean images were.
  public var threshold: Float = 1.1402

  /// The paper's values for CIFAR-10.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<FeatureSqueezing>] = [
    .int("bits", \.bits, in: 1...8, "Bits of the first squeezer."),
    .int("size", \.size, in: 1...15, "The median window of the second."),
    .float("threshold", \.threshold, in: 0...2, "The score above which an image is refused."),
  ]

  /// The base with one more class.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    guard base.rejectedClass == nil else {
      throw .unsupported(
        attack: "feature-squeezing", what: "a model that refuses images already",
        remedy: "name one detector only")
    }
    var (fewer, median) = (BitDepth(), MedianFilter())
    (fewer.bits, median.size) = (bits, size)
    return SqueezingOracle(base, [fewer, median], threshold: threshold)
  }
}

/// A model that compares its answers to an image and to squeezed copies of it.
final class SqueezingOracle: RandomizedOracle, WrappingOracle {
  private static let steepness = 10.0
  private let base: any GradientOracle
  private let squeezers: [any FixedFilter]
  private let threshold: Double
  private var images = Tensor([0])
  private var answers: [Answer] = []

  /// What a pullback needs of one image.
  private struct Answer {
    let top: Int  // the class of the largest logit
    let loudest: Int  // the squeezer with the largest score
    let plain: [Double]  // softmax of the image
    let squeezed: [Double]  // softmax of that squeezer's copy
    let logits: [Float]
  }

  init(_ base: any GradientOracle, _ squeezers: [any FixedFilter], threshold: Float) {
    (self.base, self.squeezers, self.threshold) = (base, squeezers, Double(threshold))
  }

  var wrapped: any LabelOracle { base }
  var classCount: Int { base.classCount + 1 }
  var rejectedClass: Int? { base.classCount }

  /// Every copy of an image gets the image's own draw: only squeezing may tell them apart.
  func fix(_ draw: Draw, of ids: [UInt64]) {
    base.announce(draw, of: ids.flatMap { Array(repeating: $0, count: squeezers.count + 1) })
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    logits = joined(try base.logits(try copies(images)).answers(copies: squeezers.count + 1).map(judged))
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    var all = Tensor([0])
    try base.linearize(at: try copies(images), logits: &all)
    answers = all.answers(copies: squeezers.count + 1).map(judged)
    self.images = images
    logits = joined(answers)
  }

  // forward: z_K = z_top + 10 (Σ |p − q| − t), p = softmax z, q = softmax z'
  // so: dz_i += 10 c_K p_i (g_i − Σ g p), dz'_i = −10 c_K q_i (g_i − Σ g q), g = sign(p − q); dz_top += c_K.
  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let (count, classes) = (squeezers.count + 1, base.classCount)
    var outer = Tensor([answers.count * count, classes])
    for (row, answer) in answers.enumerated() {
      let refusal = cotangent[row * classCount + classes]
      let signs = zip(answer.plain, answer.squeezed).map { $0 > $1 ? 1.0 : $0 < $1 ? -1 : 0 }
      let (plain, squeezed) = (row * count * classes, (row * count + 1 + answer.loudest) * classes)
      let push = Self.steepness * Double(refusal)
      for label in 0..<classes {
        outer[plain + label] = cotangent[row * classCount + label]
      }
      outer[plain + answer.top] += refusal
      for (sign, start, shares) in [(1.0, plain, answer.plain), (-1, squeezed, answer.squeezed)] {
        let mean = zip(signs, shares).reduce(0) { $0 + $1.0 * $1.1 }
        for label in 0..<classes {
          outer[start + label] += Float(sign * push * shares[label] * (signs[label] - mean))
        }
      }
    }
    let back = try base.pullback(outer)
    gradient = try Tensor.batch(answers.count, of: images.shape.droppingFirst()) {
      (row) throws(ThreatError) in
      var sum = back.planes(row * count)
      let image = images.planes(row)
      let loudest = answers[row].loudest
      let part = squeezers[loudest].pullback(
        back.planes(row * count + 1 + loudest), at: image, RandomStream(seed: 0))
      for index in sum.values.indices { sum.values[index] += part.values[index] }
      return sum
    }
  }

  /// Row r · copies is image r, those after it its squeezed copies.
  private func copies(_ images: Tensor) throws(ThreatError) -> Tensor {
    try domain.check(images)
    let count = squeezers.count + 1
    return try Tensor.batch(images.rowCount * count, of: images.shape.droppingFirst()) {
      (place) throws(ThreatError) in
      let image = images.planes(place / count)
      if place % count == 0 { return image }
      return try squeezers[place % count - 1].apply(to: image, RandomStream(seed: 0))
    }
  }

  /// The answer to an image from the logits of its copies.
  private func judged(_ logits: [[Float]]) -> Answer {
    let shares = logits.map { z in
      let total = Mixture.logSum(z.map(Double.init))
      return z.map { exp(Double($0) - total) }
    }
    let scores = shares.dropFirst().map { zip(shares[0], $0).reduce(0.0) { $0 + abs($1.0 - $1.1) } }
    let loudest = scores.indices.max { (scores[$0], -$0) < (scores[$1], -$1) } ?? 0
    let top = logits[0].indices.max { (logits[0][$0], -$0) < (logits[0][$1], -$1) } ?? 0
    let alarm = Double(logits[0][top]) + Self.steepness * (scores[loudest] - threshold)
    return Answer(
      top: top, loudest: loudest, plain: shares[0], squeezed: shares[loudest + 1],
      logits: logits[0] + [Float(alarm)])
  }

  private func joined(_ answers: [Answer]) -> Tensor {
    Tensor([answers.count, classCount], answers.flatMap(\.logits))
  }
}

extension Tensor {
  /// The rows of every image's copies, as `[image][copy][class]`.
  fileprivate func answers(copies: Int) -> [[[Float]]] {
    let (all, classes) = (elements, rowStride)
    return (0..<rowCount / copies).map { row in
      (row * copies..<(row + 1) * copies).map { Array(all[$0 * classes..<($0 + 1) * classes]) }
    }
  }
}
