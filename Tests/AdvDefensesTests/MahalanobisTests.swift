import AdvClassifier
import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat
import Testing

@testable import AdvDefenses

@Suite struct MahalanobisTests {
  /// Four points around each of two means, with Σ = [[2, 1], [1, 2]]: offsets ±√3 (1, 1) and ±(1, −1).
  private static let features: [[Double]] = {
    let long = 3.0.squareRoot()
    let offsets = [[long, long], [-long, -long], [1, -1], [-1, 1]]
    return [[0.0, 0], [10, -4]].flatMap { mean in offsets.map { [mean[0] + $0[0], mean[1] + $0[1]] } }
  }()
  private static let labels = [0, 0, 0, 0, 2, 2, 2, 2]

  private func gaussians(shrinkage: Double = 0) throws -> TiedGaussians {
    try #require(
      TiedGaussians(Self.features, labels: Self.labels, classes: 3, shrinkage: shrinkage))
  }

  // MARK: - Closed forms

  /// Σ⁻¹ = ⅓ [[2, −1], [−1, 2]].
  @Test func `distance and slope are those of the inverse covariance, class 1 has no examples`() throws {
    let gaussians = try gaussians()
    for (label, mean) in [(0, [0.0, 0]), (2, [10, -4])] {
      let (distance, nearest) = gaussians.nearest([mean[0] + 1, mean[1]])
      #expect(nearest == label && abs(distance - 2.0 / 3) < 1e-12)
      let slope = gaussians.slope([mean[0] + 1, mean[1]], toward: label)
      #expect(abs(slope[0] - 4.0 / 3) < 1e-12 && abs(slope[1] + 2.0 / 3) < 1e-12, "\(slope)")
    }
    #expect(gaussians.nearest(Self.features[4]).distance.isFinite)
  }

  /// Half of Σ and half of tr Σ / 2 = 2 on the diagonal: [[2, ½], [½, 2]], its inverse [[2, −½], [−½, 2]] / 3.75.
  @Test func `shrinkage moves the covariance towards a multiple of the identity`() throws {
    let (distance, _) = try gaussians(shrinkage: 0.5).nearest([1, 0])
    #expect(abs(distance - 2 / 3.75) < 1e-12)
    #expect(abs(try gaussians(shrinkage: 1).nearest([1, 2]).distance - 5.0 / 2) < 1e-12)
  }

  @Test func `what has no inverse is no covariance`() {
    func fit(_ features: [[Double]], _ shrinkage: Double) -> TiedGaussians? {
      TiedGaussians(features, labels: features.map { _ in 0 }, classes: 1, shrinkage: shrinkage)
    }
    let flat: [[Double]] = [[0, 1], [0, 2], [0, 4]]  // a dead unit
    #expect(fit(flat, 0) == nil && fit(flat, 0.01) != nil)
    #expect(fit([[1, 1], [1, 1]], 0.5) == nil)
    #expect(fit([[1, .nan], [2, 3]], 0.5) == nil && fit([], 0.5) == nil)
  }

  // MARK: - The detector

  /// A linear base that shows its two pixels as features behind two logits.
  private func fitted() throws -> (oracle: any GradientOracle, threshold: Double) {
    var detector = Mahalanobis()
    (detector.refused, detector.shrinkage) = (0.2, 0)
    // Every fifth image sets the threshold: of each class 25 images, five of them held out, one of these refused.
    let held: [[Double]] = [[0.1, 0], [0.2, 0], [0.3, 0], [0.4, 0], [0.5, 0]]
    let rows = (0..<50).map { place -> [Double] in
      let offset = place % 5 == 4 ? held[place % 25 / 5] : Self.features[place % 5]
      return zip(place < 25 ? [0, 0] : [2, -4], offset).map(+)
    }
    let answers = Tensor([50, 4], rows.flatMap { [0, 0] + $0.map(Float.init) })
    let learned = try detector.fitted(to: answers, labels: (0..<50).map { $0 / 25 }, classes: 2)
    return (
      try learned.guarding(ShowingPixels(), DefenseContext()), try #require(learned.threshold)
    )
  }

  private final class ShowingPixels: GradientOracle, WrappingOracle {
    let base = LinearOracle(
      weights: Tensor([4, 2], [1, 0, 0, 2, 1, 0, 0, 1]), bias: [0, 0, 0, 0], imageShape: [1, 1, 2])
    var wrapped: any LabelOracle { base }
    var classCount: Int { 2 }
    func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
      try base.logits(images, into: &logits)
    }
    func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
      try base.linearize(at: images, logits: &logits)
    }
    func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
      try base.pullback(cotangent, into: &gradient)
    }
  }

  @Test func `the threshold refuses the share of held-out images that it should`() throws {
    // Σ = [[2, 1], [1, 2]] of both classes: (t, 0) scores ⅔ t², and one of five may lie above.
    let (oracle, threshold) = try fitted()
    #expect(abs(threshold - 2.0 / 3 * 0.16) < 1e-6, "\(threshold)")
    #expect(oracle.classCount == 3 && oracle.rejectedClass == 2)
    let images = Tensor([3, 1, 1, 2], [0.39, 0, 0.41, 0, 0.9, 0.9])
    #expect(try oracle.labels(images) == [0, 2, 2])
    let z = try oracle.logits(images.rows([1])).elements
    #expect(z[0] == 0.41 && z[1] == 0)
    #expect(abs(Double(z[2]) - (0.41 + 10 * (0.41 * 0.41 / 0.16 - 1))) < 1e-4)
  }

  @Test func `the gradient is the derivative, and leads back under the threshold`() throws {
    let (oracle, _) = try fitted()
    let image = Tensor([1, 1, 1, 2], [0.6, 0.25])
    for cotangent in [[1, 0, 0], [0, 0, 1], [-0.5, 2, 0.7]] as [[Float]] {
      var z = Tensor([0])
      try oracle.linearize(at: image, logits: &z)
      let gradient = try oracle.pullback(Tensor([1, 3], cotangent))
      for index in 0..<2 {
        func value(_ step: Float) throws -> Double {
          var moved = image
          moved[index] += step
          return zip(try oracle.logits(moved).elements, cotangent).reduce(0) {
            $0 + Double($1.0) * Double($1.1)
          }
        }
        let numeric = (try value(1e-3) - value(-1e-3)) / 2e-3
        #expect(abs(numeric - Double(gradient[index])) < 2e-2 * max(1, abs(numeric)), "\(cotangent) \(index)")
      }
    }
  }

  @Test func `nothing is guarded before training images were seen`() {
    #expect(throws: ThreatError.self) {
      try Mahalanobis().guarding(ShowingPixels(), DefenseContext())
    }
    #expect(throws: ThreatError.self) {
      try Mahalanobis().fitted(
        to: Tensor([12, 4], filledWith: 1), labels: [Int](repeating: 0, count: 12), classes: 2)
    }
  }

  @Test func `a mean on few images, and a covariance without full rank, are refused with what is missing`()
    throws
  {
    var stream = RandomStream(seed: 8)
    // Ten images of class 0 and ten of class 1, of which four less take part in the estimate.
    let answers = Tensor([20, 22], (0..<20 * 22).map { _ in stream.normal() })
    func message(_ labels: [Int], _ shrinkage: Float = 0.001) -> String {
      var detector = Mahalanobis()
      detector.shrinkage = shrinkage
      do { _ = try detector.fitted(to: answers, labels: labels, classes: 2) } catch { return "\(error)" }
      return ""
    }
    let poor = message((0..<20).map { $0 < 15 ? 0 : 1 })
    #expect(poor.contains("class 1 rests on 4 of 16 images") && poor.contains("expected 5"), "\(poor)")
    let flat = message((0..<20).map { $0 / 10 })
    #expect(flat.contains("20 features rests on 16 images") && flat.contains("images=28"), "\(flat)")
    #expect(message((0..<20).map { $0 / 10 }, 0.1) == "")
  }

  // MARK: - On a network

  /// A detector in `lenet5` that has learned from these images under any labels, a class for each five in turn.
  private func detector(_ text: String, from images: Tensor) throws -> (any GradientOracle, Classifier) {
    let model = try ModelLoader.load(ModelRequest("lenet5")).model
    let plain = try Classifier(model)
    let chain = try DefenseChain(parsing: text)
    let classifier = try Classifier(
      model, rewriting: { (graph) throws(GraphError) in try chain.rewriting(graph) })
    let answers = try classifier.makeOracle().logits(images)
    let labels = (0..<images.rowCount).map { $0 / 5 % 10 }
    let ready = try chain.fitting { try Self.fit($0, answers, labels) }
    return (try ready.guarding(classifier.makeOracle(), DefenseContext()), plain)
  }

  private static func fit<D: FittedDefense>(_ defense: D, _ answers: Tensor, _ labels: [Int]) throws -> D {
    try defense.fitted(to: answers, labels: labels, classes: 10)
  }

  /// Smooth random images: a grey value and a slope for each.
  private func images(_ count: Int, seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed)
    return Tensor([count, 3, 32, 32]) { target in
      for image in 0..<count {
        let (grey, slope) = (stream.uniform(0.3, 0.7), stream.uniform(-0.2, 0.2))
        for index in 0..<3072 {
          let noise = stream.uniform(-0.02, 0.02)
          target[image * 3072 + index] = grey + slope * (Float(index % 32) / 31 - 0.5) + noise
        }
      }
    }
  }

  @Test func `clean images pass, strange ones are refused, and logits are the network's own`() throws {
    let (oracle, plain) = try detector("mahalanobis", from: images(400, seed: 1))
    let (fresh, classes) = (images(100, seed: 2), 10)
    let z = try oracle.logits(fresh)
    let w = try plain.makeOracle().logits(fresh)
    for row in 0..<100 {
      for label in 0..<classes { #expect(abs(z[row * 11 + label] - w[row * 10 + label]) < 1e-4) }
    }
    let refused = try oracle.labels(fresh).count { $0 == 10 }
    #expect(refused <= 20, "\(refused) of 100 like those it learned from")
    var stream = RandomStream(seed: 3)
    let strange = Tensor([50, 3, 32, 32], (0..<50 * 3072).map { _ in stream.sign() > 0 ? 1 : 0 })
    #expect(try oracle.labels(strange).allSatisfy { $0 == 10 })
    // No image's answer depends on its batch.
    #expect(try oracle.logits(fresh.rows([7])).row(0).isIdentical(to: z.row(7)))
  }

  @Test func `an attacker who does not know of the detector sees the network's logits`() throws {
    let text = "mahalanobis" + DefenseChain.unknownToAttacker
    let (oracle, plain) = try detector(text, from: images(200, seed: 1))
    let fresh = images(4, seed: 2)
    oracle.announce(.search(0), of: [1, 2, 3, 4])
    var (z, w) = (Tensor([0]), Tensor([0]))
    try oracle.linearize(at: fresh, logits: &z)
    let bare = plain.makeOracle()
    try bare.linearize(at: fresh, logits: &w)
    #expect(z.shape == [4, 11] && z[10] < -1e5)
    var (wide, narrow) = (Tensor([4, 11]), Tensor([4, 10]))
    for row in 0..<4 { (wide[row * 11 + 3], wide[row * 11 + 10], narrow[row * 10 + 3]) = (1, 5, 1) }
    let (g, h) = (try oracle.pullback(wide), try bare.pullback(narrow))
    #expect(zip(g.elements, h.elements).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(try oracle.verdictLogits(fresh, of: [1, 2, 3, 4])[10] > -1e5)
  }

  @Test func `it stands last in its chain, behind filters`() throws {
    #expect(throws: Never.self) { try detector("bit-depth+mahalanobis", from: images(200, seed: 1)) }
    #expect(throws: ThreatError.self) { try DefenseChain(parsing: "mahalanobis+bit-depth") }
  }
}
