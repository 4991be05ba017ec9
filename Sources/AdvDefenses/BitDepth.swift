import AdvTensor
import AdvThreat

/// Fewer levels for every pixel — Xu et al. 2017, arXiv:1704.01155, section II; Guo et al. 2017, arXiv:1711.00117.
public struct BitDepth: FixedFilter, StraightThrough {
  /// What it is.
  public static let card = DefenseCard(
    "bit-depth", "Bit-depth reduction", paper: "arXiv:1704.01155",
    rule: "x <- round(x (2^b - 1)) / (2^b - 1)", gradient: .straightThrough)

  /// Bits of each channel.  b
  public var bits = 4

  /// 16 levels.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<BitDepth>] = [
    .int("bits", \.bits, in: 1...8, "Bits of each channel.")
  ]

  /// The nearest of the levels that are left, ties away from zero.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    let steps = Float((1 << bits) - 1)
    return Planes(image.size, image.values.map { ($0 * steps).rounded() / steps })
  }
}
