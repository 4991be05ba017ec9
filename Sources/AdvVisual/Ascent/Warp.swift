/// A rotation and scaling about the middle of a plane and a shift, as a linear map: bilinear, the plane repeats
/// beyond its edges. A shift by whole pixels alone only moves numbers.
struct Warp {
  private let indices: [Int32]  // four sources for each pixel
  private let weights: [Float]

  /// - Parameters:
  ///   - angle: in radians.
  ///   - size: above 1 the content grows.
  ///   - down, right: the shift in pixels.
  init(height: Int, width: Int, angle: Double, size: Double, down: Double, right: Double) {
    let (sine, cosine) = sineAndCosine(angle)
    let middle = (y: Double(height - 1) / 2, x: Double(width - 1) / 2)
    var indices: [Int32] = []
    var weights: [Float] = []
    indices.reserveCapacity(4 * height * width)
    weights.reserveCapacity(4 * height * width)
    for row in 0..<height {
      for column in 0..<width {
        let (y, x) = (Double(row) - middle.y - down, Double(column) - middle.x - right)
        let sourceY = (cosine * y - sine * x) / size + middle.y
        let sourceX = (sine * y + cosine * x) / size + middle.x
        let (top, left) = (sourceY.rounded(.down), sourceX.rounded(.down))
        let (low, side) = (sourceY - top, sourceX - left)
        for (dy, dx, weight) in [
          (0, 0, (1 - low) * (1 - side)), (0, 1, (1 - low) * side), (1, 0, low * (1 - side)),
          (1, 1, low * side),
        ] {
          let y = Self.wrapped(Int(top) + dy, height)
          let x = Self.wrapped(Int(left) + dx, width)
          indices.append(Int32(y * width + x))
          weights.append(Float(weight))
        }
      }
    }
    (self.indices, self.weights) = (indices, weights)
  }

  /// The warped plane.
  func apply(_ source: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    for pixel in 0..<indices.count / 4 {
      var sum: Float = 0
      for tap in 4 * pixel..<4 * pixel + 4 { sum += weights[tap] * source[Int(indices[tap])] }
      result[pixel] = sum
    }
  }

  // forward: y[p] = Σ w · x[source]   so: dx[source] = Σ w · dy[p]
  /// The transpose of `apply`: carries a cotangent of the warped plane back to the plane.
  func transpose(_ cotangent: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    result.update(repeating: 0, count: indices.count / 4)
    for pixel in 0..<indices.count / 4 {
      for tap in 4 * pixel..<4 * pixel + 4 { result[Int(indices[tap])] += weights[tap] * cotangent[pixel] }
    }
  }

  private static func wrapped(_ place: Int, _ size: Int) -> Int {
    let rest = place % size
    return rest < 0 ? rest + size : rest
  }
}
