import AdvTensor
import AdvThreat

/// What randomised smoothing proves about one image — Cohen et al. 2019, arXiv:1902.02918, algorithm CERTIFY.
///
/// The smoothed model names the class that the base names most often for x + N(0, σ²). With probability 1 − α over
/// the noise drawn here, no perturbation of an L2 norm below the radius changes that class.
public struct SmoothingCertificate: Sendable, Hashable {
  /// The class that is certified; nil for an abstention and for a refusal.
  public let label: Int?
  /// Whether the base refuses noisy copies more often than it names any class: an answer, and no abstention.
  public let isRefused: Bool
  /// The L2 radius in pixels of 0…1: σ Φ⁻¹(lower bound); 0 for an abstention.
  public let radius: Double
  /// Draws that named the class, of those that estimate its probability.
  public let hits: Int
  /// The lower bound of the class's probability.
  public let lowerBound: Double
}

/// The procedure and its numbers.
public struct RandomizedCertification: Sendable, Hashable {
  /// The deviation of the noise, in pixels of 0…1.  σ
  public var sigma: Float = 0.25
  /// Draws that choose the class.  n₀
  public var selection = 100
  /// Draws that estimate its probability.  n
  public var samples = 1_000
  /// The probability that a certificate may be wrong.  α
  public var alpha = 0.001
  /// Fixes the noise, together with an image's id.
  public var seed: UInt64 = 0
  /// Noisy copies in one batch; no result depends on it.
  public var batch = 64

  /// The paper's values, but for `samples`: it draws 100,000.
  public init() {}

  /// The radius where every draw names the class: no certificate can be larger.
  public var largestRadius: Double { radius(hits: samples).radius }

  /// The certificate of an image `[C, H, W]` for a base model.
  ///
  /// Draw i of an image is a function of (seed, id, i) alone. Throws where logits are not finite.
  public func certificate(
    of image: Tensor, id: UInt64, on base: any ScoreOracle
  ) throws(ThreatError) -> SmoothingCertificate {
    let first = try votes(image, id, stage: 0, draws: selection, on: base)
    let choice = first.indices.max { (first[$0], -$0) < (first[$1], -$1) } ?? 0
    let hits = try votes(image, id, stage: 1, draws: samples, on: base)[choice]
    let (bound, radius) = radius(hits: hits)
    let isRefused = choice == base.rejectedClass
    let isCertain = bound > 0.5 && !isRefused
    return SmoothingCertificate(
      label: isCertain ? choice : nil, isRefused: isRefused, radius: isCertain ? radius : 0, hits: hits,
      lowerBound: bound)
  }

  /// The lower bound of a probability after so many hits, one-sided (Clopper & Pearson 1934), and what follows.
  func radius(hits: Int) -> (bound: Double, radius: Double) {
    let bound = Binomial.interval(hits: hits, trials: samples, confidence: 1 - 2 * alpha).low
    return (bound, bound > 0.5 ? Double(sigma) * NormalDistribution.quantile(bound) : 0)
  }

  /// How often each class is named.
  private func votes(
    _ image: Tensor, _ id: UInt64, stage: UInt64, draws: Int, on base: any ScoreOracle
  ) throws(ThreatError) -> [Int] {
    var votes = Array(repeating: 0, count: base.classCount)
    for start in stride(from: 0, to: draws, by: batch) {
      let numbers = start..<min(start + batch, draws)
      var noisy = Tensor.stacking(Array(repeating: image, count: numbers.count), rowShape: image.shape)
      let count = image.count
      noisy.withMutableElements { pixels in
        for (row, number) in numbers.enumerated() {
          var stream = RandomStream(seed: seed, id, stage, UInt64(number))
          for index in row * count..<(row + 1) * count { pixels[index] += sigma * stream.normal() }
        }
      }
      // A base with random parts draws anew for every copy; the stages must not share draws either.
      let logits = try base.verdictLogits(noisy, of: numbers.map { id &+ stage << 32 &+ UInt64($0) })
      if logits.firstRowNotFinite != nil { throw .notFinite(what: "logits", image: id) }
      for row in numbers.indices {
        votes[Self.largest(logits.row(row - start).elements)] += 1
      }
    }
    return votes
  }

  private static func largest(_ logits: [Float]) -> Int {
    logits.indices.max { (logits[$0], -$0) < (logits[$1], -$1) } ?? 0
  }
}
