/// The number types that array files hold.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 half precision.
  case float16
  /// The upper half of a `float32`.
  case bfloat16
  /// IEEE 754 single precision: what a `Tensor` holds.
  case float32
  /// IEEE 754 double precision; nearest `float32` in a tensor.
  case float64
  /// Signed integers; exact in a tensor up to 2²⁴ in magnitude.
  case int8, int16, int32, int64
  /// Unsigned integers; exact in a tensor up to 2²⁴.
  case uint8, uint16, uint32, uint64
  /// One byte, 0 or 1.
  case bool

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether the elements are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}
