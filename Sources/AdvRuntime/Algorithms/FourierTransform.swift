import Foundation

/// The discrete Fourier transform of real tiles T × T, 16 tiles at a time, one in each lane.
///
/// Two real rows go through one complex transform as its real and imaginary parts; of the columns only the
/// T / 2 + 1 that are not another's conjugate are kept. Radix 2 (Cooley & Tukey 1965); T is a power of two.
struct FourierTransform: Sendable {
  typealias Lanes = SIMD16<Float>
  typealias Vector = UnsafeMutablePointer<Lanes>

  /// The side of a tile.
  let side: Int
  /// Columns that are kept: T / 2 + 1.
  let columns: Int
  private let cosines: [Float]
  private let sines: [Float]
  private let reversed: [Int]

  /// Tables for tiles of this side, a power of two.
  init(side: Int) {
    precondition(side > 1 && side & (side - 1) == 0, "a tile of \(side)")
    self.side = side
    columns = side / 2 + 1
    let angles = (0..<side / 2).map { -2 * Double.pi * Double($0) / Double(side) }
    (cosines, sines) = (angles.map { Float(cos($0)) }, angles.map { Float(sin($0)) })
    let bits = side.trailingZeroBitCount
    reversed = (0..<side).map { index in
      (0..<bits).reduce(0) { $0 | ((index >> $1) & 1) << (bits - 1 - $1) }
    }
  }

  /// The frequencies of a tile.
  var frequencies: Int { side * columns }
  /// The vectors of scratch memory that `forward` and `inverse` need besides tile and spectrum.
  var scratchCount: Int { 2 * side }

  /// The spectrum `[T, T / 2 + 1]` of a tile `[T, T]`, not scaled.
  func forward(_ tile: Vector, real: Vector, imaginary: Vector, _ scratch: Vector) {
    let (z, w) = (scratch, scratch + side)
    for row in stride(from: 0, to: side, by: 2) {
      for index in 0..<side {
        (z[index], w[index]) = (tile[row * side + index], tile[(row + 1) * side + index])
      }
      transform(z, w, step: 1)
      // a + ib -> Z: A = (Z(k) + Z̄(−k)) / 2, B = (Z(k) − Z̄(−k)) / 2i.
      for k in 0..<columns {
        let m = (side - k) & (side - 1)
        let (a, b) = (row * columns + k, (row + 1) * columns + k)
        (real[a], imaginary[a]) = ((z[k] + z[m]) * 0.5, (w[k] - w[m]) * 0.5)
        (real[b], imaginary[b]) = ((w[k] + w[m]) * 0.5, (z[m] - z[k]) * 0.5)
      }
    }
    for k in 0..<columns { transform(real + k, imaginary + k, step: columns) }
  }

  /// The tile of a spectrum, scaled by 1 / T², so that it is the inverse of `forward`. Overwrites the
  /// spectrum.
  func inverse(real: Vector, imaginary: Vector, _ tile: Vector, _ scratch: Vector) {
    // The inverse transform is the forward one with real and imaginary parts exchanged.
    for k in 0..<columns { transform(imaginary + k, real + k, step: columns) }
    let (z, w) = (scratch, scratch + side)
    let scale = Lanes(repeating: 1 / Float(side * side))
    for row in stride(from: 0, to: side, by: 2) {
      for k in 0..<columns {
        let (a, b) = (row * columns + k, (row + 1) * columns + k)
        (z[k], w[k]) = (real[a] - imaginary[b], imaginary[a] + real[b])
        guard k > 0, k < side / 2 else { continue }
        (z[side - k], w[side - k]) = (real[a] + imaginary[b], real[b] - imaginary[a])
      }
      transform(w, z, step: 1)
      for index in 0..<side {
        tile[row * side + index] = z[index] * scale
        tile[(row + 1) * side + index] = w[index] * scale
      }
    }
  }

  /// A complex transform of length T in place, over elements `step` apart.
  private func transform(_ real: Vector, _ imaginary: Vector, step: Int) {
    for index in 0..<side where reversed[index] > index {
      let (a, b) = (index * step, reversed[index] * step)
      (real[a], real[b]) = (real[b], real[a])
      (imaginary[a], imaginary[b]) = (imaginary[b], imaginary[a])
    }
    var half = 1
    while half < side {
      for offset in 0..<half {
        let position = offset * (side / (2 * half))
        let (c, s) = (cosines[position], sines[position])
        for start in stride(from: offset, to: side, by: 2 * half) {
          let (a, b) = (start * step, (start + half) * step)
          let (re, im) = (real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c)
          (real[b], imaginary[b]) = (real[a] - re, imaginary[a] - im)
          (real[a], imaginary[a]) = (real[a] + re, imaginary[a] + im)
        }
      }
      half *= 2
    }
  }
}
