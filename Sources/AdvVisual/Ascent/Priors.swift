import AdvTensor

/// What makes an image more likely to be a picture, whatever the model says.
enum Priors {
  private static let smoothing = 1e-3  // under the root of the total variation, in pixels

  /// Adds the derivative of −λ ‖x − ½‖².
  static func addDecay(_ weight: Float, at images: Tensor, to slope: inout Tensor) {
    guard weight > 0 else { return }
    slope.withMutableElements { g in
      images.withElements { x in for index in g.indices { g[index] -= 2 * weight * (x[index] - 0.5) } }
    }
  }

  /// Adds the derivative of −τ · `variation`.
  static func addVariation(_ weight: Float, at images: Tensor, to slope: inout Tensor) {
    guard weight > 0 else { return }
    let (height, width) = (images.shape[2], images.shape[3])
    slope.withMutableElements { g in
      images.withElements { x in
        for offset in stride(from: 0, to: x.count, by: height * width) {
          forEachStep(x.baseAddress! + offset, height, width) { place, down, right, length in
            let (dy, dx) = (Float(Double(weight) * down / length), Float(Double(weight) * right / length))
            g[offset + place.here] += dy + dx
            if let below = place.below { g[offset + below] -= dy }
            if let beside = place.beside { g[offset + beside] -= dx }
          }
        }
      }
    }
  }

  /// Total variation: Σ √(Δy² + Δx² + 1e-6) over pixels and channels; the last row and column have no
  /// neighbour and count 0 there — Rudin, Osher & Fatemi 1992.
  static func variation(_ images: Tensor) -> Double {
    let (height, width) = (images.shape[2], images.shape[3])
    var total = 0.0
    images.withElements { x in
      for offset in stride(from: 0, to: x.count, by: height * width) {
        forEachStep(x.baseAddress! + offset, height, width) { _, _, _, length in total += length }
      }
    }
    return total
  }

  private typealias Place = (here: Int, below: Int?, beside: Int?)

  private static func forEachStep(
    _ plane: UnsafePointer<Float>, _ height: Int, _ width: Int,
    _ body: (Place, Double, Double, Double) -> Void
  ) {
    for row in 0..<height {
      for column in 0..<width {
        let here = row * width + column
        let below = row + 1 < height ? here + width : nil
        let beside = column + 1 < width ? here + 1 : nil
        let down = below.map { Double(plane[$0]) - Double(plane[here]) } ?? 0
        let right = beside.map { Double(plane[$0]) - Double(plane[here]) } ?? 0
        let length = (down * down + right * right + smoothing * smoothing).squareRoot()
        body((here, below, beside), down, right, length)
      }
    }
  }

  /// A Gaussian blur of every plane, rows then columns; beyond its edges a plane goes on as it ends.
  static func blurred(_ images: Tensor, deviation: Float) -> Tensor {
    let reach = Int((3 * deviation).rounded(.up))
    let raw = (-reach...reach).map { exponential(-0.5 * Double($0 * $0) / Double(deviation * deviation)) }
    let total = raw.reduce(0, +)
    let kernel = raw.map { Float($0 / total) }
    let (height, width) = (images.shape[2], images.shape[3])
    let once = convolved(images, kernel, along: width, stride: 1, lines: height, lineStride: width)
    return convolved(once, kernel, along: height, stride: width, lines: width, lineStride: 1)
  }

  private static func convolved(
    _ images: Tensor, _ kernel: [Float], along length: Int, stride step: Int, lines: Int, lineStride: Int
  ) -> Tensor {
    let reach = kernel.count / 2
    return Tensor(images.shape) { destination in
      images.withElements { source in
        for offset in stride(from: 0, to: source.count, by: length * lines) {
          for line in 0..<lines {
            let start = offset + line * lineStride
            for place in 0..<length {
              var sum: Float = 0
              for tap in kernel.indices {
                let other = Swift.min(Swift.max(place + tap - reach, 0), length - 1)
                sum += kernel[tap] * source[start + other * step]
              }
              destination[start + place * step] = sum
            }
          }
        }
      }
    }
  }
}
