/// The slack of a comparison; every one of them has a name.
public struct Tolerance: Sendable {
  /// Relative to the radius.
  public let relative: Double
  /// Per changed element, in pixels.
  public let perElement: Double

  /// The verdict's: one millionth of the radius, and for every changed element the rounding of a Float
  /// below 1 (a pixel that was moved by ε in Float arithmetic is that far from ε).
  public static let verdict = Tolerance(relative: 1e-6, perElement: 0x1p-24)

  /// How far a file may be from the pixel that it stands for: one level.
  public static let level: Float = 1 / 255

  /// The slack that the perturbation `candidate − original` has against a ball.
  func slack(
    of ball: Ball, _ candidate: UnsafeBufferPointer<Float>, _ original: UnsafeBufferPointer<Float>
  ) -> Double {
    let changed = Norm.l0.distance(candidate, original)
    let rounding: Double =
      switch ball.norm {
      case .l0: 0
      case .l1: changed
      case .l2: changed.squareRoot()
      case .linf: changed > 0 ? 1 : 0
      }
    return relative * Double(ball.radius) + perElement * rounding
  }
}
