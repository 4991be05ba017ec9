/// A point of the plane or a displacement in it.
typealias Point = SIMD2<Float>

extension Point {
  var length: Float { (x * x + y * y).squareRoot() }

  func dot(_ other: Point) -> Float { x * other.x + y * other.y }
}

/// (cos, sin) of an angle in turns, error below 1e-7.
///
/// A Taylor series in Double and not the system's functions: these may differ in the last bit between
/// machines, and one bit is enough to move a pixel by one level.
func direction(turns: Float) -> Point {
  let turn = Double(turns)
  let angle = (turn - turn.rounded()) * 2 * Double.pi
  let square = angle * angle
  var (cosine, sine) = (1.0, 1.0)
  for term in stride(from: 13.0, through: 1, by: -1) {
    cosine = 1 - square / (2 * term * (2 * term - 1)) * cosine
    sine = 1 - square / (2 * term * (2 * term + 1)) * sine
  }
  return Point(Float(cosine), Float(angle * sine))
}

/// `value` inside 0…1.
func saturate(_ value: Float) -> Float { Swift.min(Swift.max(value, 0), 1) }

/// The cubic step from 0 at `low` to 1 at `high`.
func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = saturate((value - low) / (high - low))
  return t * t * (3 - 2 * t)
}

/// The line from `a` at t = 0 to `b` at t = 1.
func mix<Vector: SIMD>(_ a: Vector, _ b: Vector, _ t: Float) -> Vector where Vector.Scalar == Float {
  a + (b - a) * t
}
