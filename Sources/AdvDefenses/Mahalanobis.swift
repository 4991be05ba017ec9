import AdvClassifier
import AdvGraph
import AdvTensor
import AdvThreat

/// Refuses images whose features lie far from those of every class — Lee et al. 2018, arXiv:1807.03888.
///
/// δ(x) = min over classes c of (h(x) − μ_c)ᵀ Σ⁻¹ (h(x) − μ_c), h what the last linear layer reads, μ_c and the shared Σ
/// estimated on training images; above a threshold the image is refused. It is the paper's detector on the
/// penultimate layer: its combination of several layers, which a regression on adversarial images weighs, and its
/// small step on the image are left out. Every fifth image takes no part in the estimate and sets the threshold.
/// Too few images are refused: every mean takes `perClass` of its class, and Σ as many as it has features and means.
///
/// The model gets one more class, as in Carlini & Wagner 2017 (arXiv:1705.07263): its logit is the largest other one
/// plus 10 · (δ / threshold − 1). The gradient is exact, through the nearest class and the network's features.
public struct Mahalanobis: FittedDefense {
  /// What it is.
  public static let card = DefenseCard(
    "mahalanobis", "Mahalanobis detector", paper: "arXiv:1807.03888",
    rule: "refuse x where min over c of (h(x) - mu_c)' Sigma^-1 (h(x) - mu_c) > threshold",
    gradient: .exact,
    remark:
      "learns from training images; a refused clean image counts as wrong, a refused adversarial one as not "
      + "broken")

  /// What stands for the built-in images, where the model was trained on them.
  public static let builtInData = "built-in"

  /// Images of its class that a mean takes at least.
  static let perClass = 5
  /// From this weight of the identity on, the covariance need not be of full rank by itself.
  static let strongShrinkage: Float = 0.1

  /// The training images, as a data set's specifier.
  public var data = Self.builtInData
  /// How many of them at most.
  public var images = 2_000
  /// The share of clean images that the threshold refuses.
  public var refused: Float = 0.05
  /// The weight of the identity in the covariance.
  public var shrinkage: Float = 0.001
  private var fit: Fit?

  /// What is learned.
  private struct Fit: Sendable, Hashable {
    let gaussians: TiedGaussians
    let threshold: Double
  }

  /// A twentieth of the clean images refused, as where the paper compares detectors.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Mahalanobis>] = [
    .text(
      "data", \.data, expected: "a data set, as in cifar10:DIR, or built-in",
      "The images that the model was trained on."),
    .int(
      "images", \.images, in: 10...1_000_000,
      "How many of them at most; 4 of 5 must hold 5 of each class, and as many as features and classes."),
    .float("refused", \.refused, in: 0.001...0.5, "The share of clean images that the threshold refuses."),
    .float("shrinkage", \.shrinkage, in: 0...1, "The weight of the identity in the covariance."),
  ]

  /// The score above which an image is refused; nil before it is fitted.
  var threshold: Double? { fit?.threshold }

  /// The network with its features behind the logits.
  public func rewriting(_ graph: Graph) throws(GraphError) -> Graph {
    try graph.showingFeatures(for: Self.card.id)
  }

  /// With means, covariance and threshold. Throws for too few images, and where the features allow no estimate.
  public func fitted(to answers: Tensor, labels: [Int], classes: Int) throws(ThreatError) -> Mahalanobis {
    let width = answers.rowStride
    let features = (0..<answers.rowCount).map { row in
      answers.row(row).elements[classes..<width].map(Double.init)
    }
    let places = features.indices
    let (known, held) = (places.filter { $0 % 5 != 4 }, places.filter { $0 % 5 == 4 })
    try requireEnough(known.map { labels[$0] }, classes: classes, features: width - classes)
    guard
      let gaussians = TiedGaussians(
        known.map { features[$0] }, labels: known.map { labels[$0] }, classes: classes,
        shrinkage: Double(shrinkage)), !held.isEmpty
    else {
      throw .oracleFailed(
        "defence mahalanobis: the features of \(features.count) images have no covariance that can be inverted.\n"
          + "  Give it more images, or a larger shrinkage.")
    }
    let scores = held.map { gaussians.nearest(features[$0]).distance }.sorted()
    // At most this share of the held-out images lies above.
    let place = scores.count - 1 - Int(Double(refused) * Double(scores.count))
    guard scores[place] > 0, scores[place].isFinite else {
      throw .oracleFailed("defence mahalanobis: the scores of clean images are \(scores[place]).")
    }
    var result = self
    result.fit = Fit(gaussians: gaussians, threshold: scores[place])
    return result
  }

  /// Throws where a mean or the covariance would rest on too few images of these labels. The rank of a covariance about
  /// `classes` means is the number of images less that of means, and without full rank only the identity's share
  /// keeps its inverse finite: distances would measure the sample, not the image.
  private func requireEnough(_ labels: [Int], classes: Int, features: Int) throws(ThreatError) {
    let counts = labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
    let rest = "(every fifth image sets the threshold)"
    if let least = counts.min(), least < Self.perClass, let label = counts.firstIndex(of: least) {
      throw .oracleFailed(
        "defence mahalanobis: the mean of class \(label) rests on \(least) of \(labels.count) images \(rest), "
          + "expected \(Self.perClass) or more.\n  Raise images=\(images), or name data with more images of that class."
      )
    }
    let needed = features + classes
    guard labels.count >= needed || shrinkage >= Self.strongShrinkage else {
      throw .oracleFailed(
        "defence mahalanobis: the covariance of \(features) features rests on \(labels.count) images \(rest), "
          + "expected \(needed) or more: features + classes.\n  Give it more, images=\((5 * needed + 3) / 4), or weigh "
          + "the identity more, shrinkage=\(Self.strongShrinkage).")
    }
  }

  /// The base with one more class. Throws before the defence is fitted, and for a base that is no oracle of the
  /// rewritten graph.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    guard let fit else { throw .oracleFailed("defence mahalanobis has not seen any training images.") }
    return MahalanobisOracle(FeatureOracle(base), fit.gaussians, threshold: fit.threshold)
  }

  /// The network's logits alone.
  public func undoing(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle { FeatureOracle(base) }
}

/// A model that compares features with those of its classes.
final class MahalanobisOracle: RandomizedOracle, WrappingOracle {
  private static let steepness = 10.0
  private let base: FeatureOracle
  private let gaussians: TiedGaussians
  private let threshold: Double
  private var answers: [Answer] = []

  /// What a pullback needs of one image.
  private struct Answer {
    let top: Int  // the class of the largest logit
    let nearest: Int  // the class of the smallest distance
    let features: [Double]
    let logits: [Float]
  }

  init(_ base: FeatureOracle, _ gaussians: TiedGaussians, threshold: Double) {
    (self.base, self.gaussians, self.threshold) = (base, gaussians, threshold)
  }

  var wrapped: any LabelOracle { base }
  var classCount: Int { base.classCount + 1 }
  var rejectedClass: Int? { base.classCount }

  func fix(_ draw: Draw, of ids: [UInt64]) { base.announce(draw, of: ids) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    logits = joined(judged(try base.logits(images)))
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    var plain = Tensor([0])
    try base.linearize(at: images, logits: &plain)
    answers = judged(plain)
    logits = joined(answers)
  }

  // forward: z_K = z_top + 10 (δ / t − 1), δ the squared distance of h to its nearest class
  // so: dz_top += c_K, dh = 10 c_K / t · dδ/dh.
  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let classes = base.classCount
    var outer = Tensor([answers.count, classes])
    var inner: [Float] = []
    for (row, answer) in answers.enumerated() {
      let refusal = cotangent[row * classCount + classes]
      for label in 0..<classes { outer[row * classes + label] = cotangent[row * classCount + label] }
      outer[row * classes + answer.top] += refusal
      let push = Self.steepness * Double(refusal) / threshold
      inner +=
        push == 0
        ? answer.features.map { _ in 0 }
        : gaussians.slope(answer.features, toward: answer.nearest).map { Float(push * $0) }
    }
    try base.pullback(outer, features: Tensor(base.features.shape, inner), into: &gradient)
  }

  private func judged(_ logits: Tensor) -> [Answer] {
    (0..<logits.rowCount).map { row in
      let z = logits.row(row).elements
      let h = base.features.row(row).elements.map(Double.init)
      let top = z.indices.max { (z[$0], -$0) < (z[$1], -$1) } ?? 0
      let (distance, nearest) = gaussians.nearest(h)
      let alarm = Double(z[top]) + Self.steepness * (distance / threshold - 1)
      return Answer(top: top, nearest: nearest, features: h, logits: z + [Float(alarm)])
    }
  }

  private func joined(_ answers: [Answer]) -> Tensor {
    Tensor([answers.count, classCount], answers.flatMap(\.logits))
  }
}
