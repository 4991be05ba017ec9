import AdvTensor

/// Images at positions between pixels, bilinearly.
enum Resampling {
  /// What lies outside an image.
  enum Outside {
    case black
    case nearest
  }

  /// The image `[channels, height, width]` whose pixel (x, y) is the source at `place(x, y)`; pixel centres are
  /// whole numbers. O(elements).
  static func image(
    _ source: Tensor, outside: Outside, _ place: (_ x: Float, _ y: Float) -> (x: Float, y: Float)
  ) -> Tensor {
    let (channels, height, width) = (source.shape[0], source.shape[1], source.shape[2])
    return source.withElements { pixels in
      Tensor(source.shape) { target in
        for y in 0..<height {
          for x in 0..<width {
            let taps = Taps(at: place(Float(x), Float(y)), width, height, outside)
            for channel in 0..<channels {
              target[(channel * height + y) * width + x] = taps.value(
                in: pixels, from: channel * height * width)
            }
          }
        }
      }
    }
  }

  /// The image turned and sheared around its centre: pixel p of the result shows the source at A (p − c) + c + t,
  /// black outside.
  static func affine(
    _ source: Tensor, _ a: (Float, Float, Float, Float), shift: (x: Float, y: Float) = (0, 0)
  ) -> Tensor {
    let (cx, cy) = (Float(source.shape[2] - 1) / 2, Float(source.shape[1] - 1) / 2)
    return image(source, outside: .black) { x, y in
      let (dx, dy) = (x - cx, y - cy)
      return (a.0 * dx + a.1 * dy + cx + shift.x, a.2 * dx + a.3 * dy + cy + shift.y)
    }
  }
}

/// The four pixels around a place with their weights.
private struct Taps {
  private var offsets = (0, 0, 0, 0)
  private var weights: (Float, Float, Float, Float) = (0, 0, 0, 0)

  init(at place: (x: Float, y: Float), _ width: Int, _ height: Int, _ outside: Resampling.Outside) {
    // Far outside, a Float has no Int; there is nothing to see there either.
    let x = min(max(place.x, -2), Float(width) + 1)
    let y = min(max(place.y, -2), Float(height) + 1)
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (fx, fy) = (x - left, y - top)
    let all = [
      (0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy),
    ].map { (dx, dy, weight) -> (Int, Float) in
      let (column, row) = (Int(left) + dx, Int(top) + dy)
      let inside = column >= 0 && column < width && row >= 0 && row < height
      if !inside, outside == .black { return (0, 0) }
      return (min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1), weight)
    }
    offsets = (all[0].0, all[1].0, all[2].0, all[3].0)
    weights = (all[0].1, all[1].1, all[2].1, all[3].1)
  }

  func value(in pixels: UnsafeBufferPointer<Float>, from base: Int) -> Float {
    weights.0 * pixels[base + offsets.0] + weights.1 * pixels[base + offsets.1]
      + weights.2 * pixels[base + offsets.2] + weights.3 * pixels[base + offsets.3]
  }
}
