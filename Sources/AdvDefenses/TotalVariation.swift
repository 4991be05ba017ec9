import AdvTensor
import AdvThreat

/// Random pixels forgotten, the others explained by the image of least total variation — Guo et al. 2017,
/// arXiv:1711.00117, section 4.2.
///
/// z minimises ½ Σ kept (z − x)² + λ Σ |∇z| with isotropic |∇z|, channel by channel, after Chambolle & Pock 2011
/// (algorithm 1, σ = τ = 0.35 for which σ τ |∇|² < 1).
public struct TotalVariation: RandomFilter, StraightThrough {
  /// What it is.
  public static let card = DefenseCard(
    "tv", "Total-variation minimisation", paper: "arXiv:1711.00117",
    rule: "x <- argmin 1/2 sum over kept pixels (z - x)^2 + weight TV(z)", gradient: .straightThrough,
    remark: "which pixels are forgotten is fixed by the seed and the image's name; attacks average over draws"
  )

  /// How the verdict's draws become one answer.
  public static let vote = Vote.mean

  /// The price of variation.  λ
  public var weight: Float = 0.03
  /// The share of the pixels that are forgotten.
  public var drop: Float = 0.5
  /// Steps of the minimisation.
  public var steps = 60
  /// Draws of the verdict; the paper has one.
  public var samples = 1
  /// Draws that each pass of an attack averages over.
  public var draws = 4

  /// The paper's values.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<TotalVariation>] = [
    .float("weight", \.weight, in: 0...10, "The price of variation."),
    .float("drop", \.drop, in: 0...0.99, "The share of the pixels that are forgotten."),
    .int("steps", \.steps, in: 1...10_000, "Steps of the minimisation."),
    .int("samples", \.samples, in: 1...100_000, "Draws of the verdict."),
    .int("draws", \.draws, in: 1...1_000, "Draws that each pass of an attack averages over."),
  ]

  /// The minimiser after the given number of steps. O(elements · steps).
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    let size = image.size
    var draws = draws
    // A pixel is forgotten in all its channels.
    let isKept = (0..<size.pixelCount).map { _ in draws.uniform() >= drop }
    var result = Planes(size)
    for channel in 0..<size.channels {
      let range = channel * size.pixelCount..<(channel + 1) * size.pixelCount
      let plane = minimised(Array(image.values[range]), isKept, size)
      for (index, value) in zip(range, plane) { result.values[index] = value }
    }
    return result
  }

  private func minimised(_ x: [Float], _ isKept: [Bool], _ size: ImageSize) -> [Float] {
    let (step, width, height): (Float, Int, Int) = (0.35, size.width, size.height)
    var (z, ahead) = (x, x)
    var down = [Float](repeating: 0, count: x.count)  // the dual field
    var right = down
    for _ in 0..<steps {
      for index in x.indices {
        let (row, column) = (index / width, index % width)
        let below = row + 1 < height ? ahead[index + width] - ahead[index] : 0
        let beside = column + 1 < width ? ahead[index + 1] - ahead[index] : 0
        let (a, b) = (down[index] + step * below, right[index] + step * beside)
        let length = max(1, (a * a + b * b).squareRoot() / max(weight, .leastNormalMagnitude))
        (down[index], right[index]) = (a / length, b / length)
      }
      for index in x.indices {
        let (row, column) = (index / width, index % width)
        var divergence = down[index] + right[index]
        if row > 0 { divergence -= down[index - width] }
        if column > 0 { divergence -= right[index - 1] }
        let moved = z[index] + step * divergence
        let next = isKept[index] ? (moved + step * x[index]) / (1 + step) : moved
        ahead[index] = 2 * next - z[index]
        z[index] = next
      }
    }
    return z
  }
}
