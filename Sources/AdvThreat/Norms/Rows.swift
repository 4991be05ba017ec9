/// Passes over one row that every norm needs, in lanes of a fixed order: the result does not depend on the
/// machine's vector width.
private typealias Lanes = SIMD16<Float>

/// The largest magnitude of a row; NaN or infinity where the row holds one. O(n).
func largestMagnitude(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
  var peaks = Lanes()
  var poison = Lanes()  // 0 for finite values, NaN otherwise
  let raw = UnsafeRawPointer(values)
  let whole = count / 16 * 16
  for index in stride(from: 0, to: whole, by: 16) {
    let v = raw.loadUnaligned(fromByteOffset: index * 4, as: Lanes.self)
    let magnitude = v.replacing(with: -v, where: v .< 0)
    peaks = peaks.replacing(with: magnitude, where: magnitude .> peaks)
    poison += v * 0
  }
  var peak = peaks.max()
  var bad = poison.sum()
  for index in whole..<count {
    peak = Swift.max(peak, values[index].magnitude)
    bad += values[index] * 0
  }
  return bad == 0 ? peak : .nan
}

/// max |a − b| in Double; NaN where a difference is. O(n).
func largestDifference(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Double {
  var peaks = SIMD8<Double>()
  var isUnknown = SIMDMask<SIMD8<Int64>>()
  let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
  let whole = count / 8 * 8
  for index in stride(from: 0, to: whole, by: 8) {
    let d =
      SIMD8<Double>(left.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
      - SIMD8<Double>(right.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
    let magnitude = d.replacing(with: -d, where: d .< 0)
    peaks = peaks.replacing(with: magnitude, where: magnitude .> peaks)
    isUnknown = isUnknown .| (d .!= d)
  }
  var peak = any(isUnknown) ? Double.nan : peaks.max()
  for index in whole..<count {
    let d = Double(a[index]) - Double(b[index])
    peak = d.isNaN || peak.isNaN ? .nan : Swift.max(peak, d.magnitude)
  }
  return peak
}

/// Σ v² in Double, in 8 lanes. O(n).
func sumOfSquares(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
  var lanes = SIMD8<Double>()
  let raw = UnsafeRawPointer(values)
  let whole = count / 8 * 8
  for index in stride(from: 0, to: whole, by: 8) {
    let v = SIMD8<Double>(raw.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
    lanes += v * v
  }
  var total = lanes.sum()
  for index in whole..<count { total += Double(values[index]) * Double(values[index]) }
  return total
}

/// How far a coordinate can move from `from` in the direction of `sign` before it leaves the box.
@inline(__always)
func room(_ from: Float, _ sign: Float, _ box: Box) -> Double {
  sign > 0 ? Double(box.upper) - Double(from) : Double(from) - Double(box.lower)
}
