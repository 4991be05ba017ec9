import AdvTensor
import AdvThreat
import Foundation

/// A weighted mean of each pixel's neighbourhood with the weights of a bell — local smoothing as in Xu et al. 2017,
/// arXiv:1704.01155, section II.
///
/// The bell is cut at 4 σ; beyond the edge lies the mirror image, as in SciPy's `gaussian_filter`.
public struct GaussianFilter: FixedFilter {
  /// What it is.
  public static let card = DefenseCard(
    "gaussian", "Gaussian smoothing", paper: "arXiv:1704.01155", rule: "x <- x * N(0, sigma^2)",
    gradient: .exact)

  /// The deviation, in pixels.  σ
  public var sigma: Float = 1

  /// One pixel.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<GaussianFilter>] = [
    .float("sigma", \.sigma, in: 0.05...50, "The deviation of the bell, in pixels.")
  ]

  /// The smoothed image. O(pixels · σ).
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    pass(pass(image, along: .rows, isAdjoint: false), along: .columns, isAdjoint: false)
  }

  // forward: y = A x    so: dx = Aᵀ dy.
  /// The transposed smoothing; it differs from the smoothing at the edges alone.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes {
    pass(pass(cotangent, along: .columns, isAdjoint: true), along: .rows, isAdjoint: true)
  }

  private enum Axis { case rows, columns }

  private var weights: [Float] {
    let radius = Int(4 * sigma + 0.5)
    let bell = (-radius...radius).map { exp(-0.5 * pow(Double($0) / Double(sigma), 2)) }
    let total = bell.reduce(0, +)
    return bell.map { Float($0 / total) }
  }

  private func pass(_ image: Planes, along axis: Axis, isAdjoint: Bool) -> Planes {
    let (size, weights) = (image.size, weights)
    let radius = weights.count / 2
    let (count, stride) = axis == .rows ? (size.height, size.width) : (size.width, 1)
    let sources = (0..<count).map { place in
      weights.indices.map { Mirror.place(place + $0 - radius, count) }
    }
    var result = Planes(size)
    for start in 0..<size.count where start / stride % count == 0 {
      for place in 0..<count {
        let here = start + place * stride
        for (weight, source) in zip(weights, sources[place]) {
          let there = start + source * stride
          if isAdjoint {
            result.values[there] += weight * image.values[here]
          } else {
            result.values[here] += weight * image.values[there]
          }
        }
      }
    }
    return result
  }
}
