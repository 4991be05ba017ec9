import AdvSettings
import AdvTensor

/// A random convex mixture of the image and of chains of elementary changes — Hendrycks et al. 2019,
/// arXiv:1912.02781, algorithm 1. The paper's consistency loss is a matter of training, not of this.
public struct AugMix: Augmentation {
  /// The word on the command line.
  public static let name = "augmix"
  /// One sentence for people.
  public static let summary = "Mix the image with chains of elementary changes of it."

  /// The number of chains.
  public var width = 3
  /// The longest chain.
  public var depth = 3
  /// The strength of changes, out of 10.
  public var severity: Float = 3
  /// The parameter of the Dirichlet and Beta draws.
  public var alpha: Float = 1

  /// The paper's values.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<AugMix>] = [
    .int("width", \.width, in: 1...10, "The number of chains."),
    .int("depth", \.depth, in: 1...10, "The longest chain."),
    .float("severity", \.severity, in: 0.1...10, "The strength of changes, out of 10."),
    .float("alpha", \.alpha, in: 0.01...100, "The parameter of the Dirichlet and Beta draws."),
  ]

  /// The mixture, `[channels, height, width]`.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    let shares = (0..<width).map { _ in Float(draws.gamma(Double(alpha))) }
    let total = max(shares.reduce(0, +), .leastNormalMagnitude)
    let kept = draws.beta(Double(alpha))
    var result = image.mapped { kept * $0 }
    for share in shares {
      let chain = self.chain(image, &draws)
      let weight = (1 - kept) * share / total
      result.withMutableElements { sum in
        chain.withElements { part in
          for index in sum.indices { sum[index] += weight * part[index] }
        }
      }
    }
    return Colours.clipped(result)  // shares sum to 1 up to rounding
  }

  private func chain(_ image: Tensor, _ draws: inout RandomStream) -> Tensor {
    var result = image
    for _ in 0..<(1 + draws.integer(below: depth)) {
      let operations = ImageOperation.forAugMix
      let operation = operations[draws.integer(below: operations.count)]
      let strength = draws.uniform(min(0.1, severity), severity) / 10
      result = operation.apply(to: result, strength: strength, sign: draws.sign())
    }
    return result
  }
}
