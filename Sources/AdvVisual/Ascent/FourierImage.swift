import AdvTensor

/// Images as Fourier coefficients of decorrelated colours — Olah, Mordvintsev & Schubert 2017, "Feature
/// visualization", distill.pub.
///
/// image = σ( C · Bᵀ (a ⊙ Z) B ): B are real orthonormal Fourier bases of rows and columns, a falls with the
/// frequency as 1/f like the spectrum of photographs, C mixes three planes into correlated colours, and the
/// logistic σ keeps pixels inside 0…1. A step of equal length in all coefficients then changes an image as
/// photographs differ, not as noise does.
struct FourierImage {
  private let shape: Shape
  private let rows: FourierBasis
  private let columns: FourierBasis
  private let amplitudes: [Float]

  /// The square root of the covariance of RGB in photographs, over its longest column; the constants of the
  /// article's own program.
  private static let colours: [[Float]] = {
    let mixed: [[Float]] = [[0.26, 0.09, 0.02], [0.27, 0, -0.05], [0.27, -0.09, 0.03]]
    let longest =
      (0..<3).map { column in
        mixed.reduce(Float(0)) { $0 + $1[column] * $1[column] }.squareRoot()
      }.max() ?? 1
    return mixed.map { $0.map { $0 / longest } }
  }()

  private static let contrast: Float = 0.25  // of one unit in one coefficient

  /// Images of a shape `[C, H, W]`; three channels are colours, others planes of their own.
  init(_ shape: Shape) {
    self.shape = shape
    rows = FourierBasis(shape[1])
    columns = FourierBasis(shape[2])
    let lowest = 1 / Float(Swift.max(shape[1], shape[2]))
    var amplitudes: [Float] = []
    for down in rows.frequencies {
      for right in columns.frequencies {
        amplitudes.append(Self.contrast / Swift.max((down * down + right * right).squareRoot(), lowest))
      }
    }
    self.amplitudes = amplitudes
  }

  /// The images `[n, C, H, W]` of coefficients of the same shape.
  func images(_ numbers: Tensor) -> Tensor {
    var planes = eachPlane(of: numbers) { source, destination, scratch in
      for index in amplitudes.indices { scratch[index] = source[index] * amplitudes[index] }
      columns.multiply(scratch, rows: shape[1], by: columns.vectors, into: destination)
      rows.combine(destination, columns: shape[2], with: rows.transposed, into: scratch)
      destination.update(from: scratch, count: amplitudes.count)
    }
    mixColours(&planes, transposed: false)
    planes.withMutableElements { x in
      for index in x.indices { x[index] = Float(1 / (1 + exponential(-Double(x[index])))) }
    }
    return planes
  }

  /// The derivative by the coefficients from that by the pixels of `images`, as `images(_:)` made them.
  func pullback(_ slope: Tensor, at images: Tensor) -> Tensor {
    // forward: x = σ(y)   so: dy = dx · x (1 − x)
    var planes = slope
    planes.withMutableElements { y in
      images.withElements { x in for index in y.indices { y[index] *= x[index] * (1 - x[index]) } }
    }
    mixColours(&planes, transposed: true)
    return analysed(planes) { $0 * amplitudes[$1] }
  }

  /// The coefficients of images; pixels are first moved away from 0 and 1, which no coefficients give.
  func numbers(of images: Tensor) -> Tensor {
    var planes = images
    planes.withMutableElements { x in
      for index in x.indices {
        let inner = Double(Swift.min(Swift.max(x[index], 0.01), 0.99))
        x[index] = Float(logarithm(inner / (1 - inner)))
      }
    }
    unmixColours(&planes)
    return analysed(planes) { $0 / amplitudes[$1] }
  }

  /// B planes Bᵀ, then something with every coefficient.
  private func analysed(_ planes: Tensor, _ body: (Float, Int) -> Float) -> Tensor {
    eachPlane(of: planes) { source, destination, scratch in
      rows.combine(source, columns: shape[2], with: rows.vectors, into: scratch)
      columns.multiply(scratch, rows: shape[1], by: columns.transposed, into: destination)
      for index in amplitudes.indices { destination[index] = body(destination[index], index) }
    }
  }

  private func eachPlane(
    of tensor: Tensor,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let plane = amplitudes.count
    var scratch = Array(repeating: Float(0), count: plane)
    return Tensor(tensor.shape) { destination in
      tensor.withElements { source in
        scratch.withUnsafeMutableBufferPointer { room in
          for offset in stride(from: 0, to: source.count, by: plane) {
            body(source.baseAddress! + offset, destination.baseAddress! + offset, room.baseAddress!)
          }
        }
      }
    }
  }

  private func mixColours(_ planes: inout Tensor, transposed: Bool) {
    let matrix = Self.colours
    mix(&planes, (0..<3).map { row in (0..<3).map { transposed ? matrix[$0][row] : matrix[row][$0] } })
  }

  private func unmixColours(_ planes: inout Tensor) { mix(&planes, Self.inverse(Self.colours)) }

  /// planes ← matrix · planes for images of three channels.
  private func mix(_ planes: inout Tensor, _ matrix: [[Float]]) {
    guard shape[0] == 3 else { return }
    let plane = amplitudes.count
    planes.withMutableElements { x in
      for offset in stride(from: 0, to: x.count, by: 3 * plane) {
        for pixel in offset..<offset + plane {
          let (a, b, c) = (x[pixel], x[pixel + plane], x[pixel + 2 * plane])
          for channel in 0..<3 {
            x[pixel + channel * plane] =
              matrix[channel][0] * a + matrix[channel][1] * b + matrix[channel][2] * c
          }
        }
      }
    }
  }

  /// The inverse of a 3 × 3 matrix by cofactors.
  private static func inverse(_ m: [[Float]]) -> [[Float]] {
    func cofactor(_ i: Int, _ j: Int) -> Float {
      let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3)
      return m[a][c] * m[b][d] - m[a][d] * m[b][c]
    }
    let determinant = (0..<3).reduce(Float(0)) { $0 + m[0][$1] * cofactor(0, $1) }
    return (0..<3).map { i in (0..<3).map { j in cofactor(j, i) / determinant } }
  }
}

/// The real orthonormal Fourier basis of n numbers: constant, cosine and sine of each frequency, and for even
/// n the alternating vector.
struct FourierBasis {
  let size: Int
  /// Cycles per pixel of every vector, 0…½.
  let frequencies: [Float]
  /// Row k is vector k.
  let vectors: [Float]
  /// Column k is vector k.
  let transposed: [Float]

  init(_ size: Int) {
    self.size = size
    let waves = (0..<size).map { ($0 + 1) / 2 }
    frequencies = waves.map { Float($0) / Float(size) }
    var vectors = Array(repeating: Float(0), count: size * size)
    for (row, wave) in waves.enumerated() {
      let isAlone = wave == 0 || 2 * wave == size  // no sine of its own
      let length = (Double(isAlone ? 1 : 2) / Double(size)).squareRoot()
      for place in 0..<size {
        let angle = 2 * Double.pi * Double(wave * place % size) / Double(size)
        let (sine, cosine) = sineAndCosine(angle)
        vectors[row * size + place] = Float(length * (isAlone || row % 2 == 1 ? cosine : sine))
      }
    }
    self.vectors = vectors
    var transposed = vectors
    for row in 0..<size {
      for column in 0..<size { transposed[column * size + row] = vectors[row * size + column] }
    }
    self.transposed = transposed
  }

  /// result = x · matrix, x of `rows` rows of `size`. O(rows · size²).
  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, by matrix: [Float], into result: UnsafeMutablePointer<Float>
  ) {
    product(x, matrix, result, rows, size, size)
  }

  /// result = matrix · x, x of `size` rows of `columns`. O(size² · columns).
  func combine(
    _ x: UnsafePointer<Float>, columns: Int, with matrix: [Float], into result: UnsafeMutablePointer<Float>
  ) {
    product(matrix, x, result, size, size, columns)
  }

  /// c = a · b, a of m × k, b of k × n; a sum of rows of b, which the compiler turns into vectors.
  private func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ m: Int,
    _ k: Int,
    _ n: Int
  ) {
    for row in 0..<m {
      let destination = c + row * n
      destination.update(repeating: 0, count: n)
      for inner in 0..<k {
        let (factor, source) = (a[row * k + inner], b + inner * n)
        for column in 0..<n { destination[column] += factor * source[column] }
      }
    }
  }
}
