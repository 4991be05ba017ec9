import AdvTensor
import AdvThreat

/// Pixels as thermometers — Buckman et al. 2018, "Thermometer encoding".
///
/// The paper trains a network on the l bits τ(x)ₖ = [x > k/l] of each pixel. A network that was trained on pixels
/// can only be shown what the bits say: their mean, which is the pixel rounded up to a multiple of 1/l. That keeps
/// the staircase, whose gradient is zero, and leaves out what training on the code may add.
public struct Thermometer: FixedFilter, StraightThrough {
  /// What it is.
  public static let card = DefenseCard(
    "thermometer", "Thermometer code", paper: "Buckman et al. 2018",
    rule: "x <- mean of the bits [x > k/l], k = 0 ... l-1", gradient: .straightThrough,
    remark: "the code is read back into a pixel, for a network that was not trained on codes")

  /// Bits of each pixel.  l
  public var levels = 16

  /// The paper's 16 levels.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Thermometer>] = [
    .int("levels", \.levels, in: 1...255, "Bits of each pixel.")
  ]

  /// The share of the bits that are set.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    let count = Float(levels)
    return Planes(
      image.size,
      image.values.map { value in
        // Float k / l, so that a pixel on a threshold is not above it.
        Float((0..<levels).count { value > Float($0) / count }) / count
      })
  }
}
