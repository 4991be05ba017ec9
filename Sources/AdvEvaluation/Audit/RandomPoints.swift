import AdvTensor
import AdvThreat

/// Random points around one image, whatever the number of those before: point k is a function of (seed, image, k).
struct RandomPoints {
  /// Points of one forward pass.
  static let batch = 64

  private let image: Tensor
  private let key: UInt64
  private let seed: UInt64

  /// Points around an image `[C, H, W]`, whose name gives the key.
  init(around image: Tensor, key: UInt64, seed: UInt64) {
    (self.image, self.key, self.seed) = (image, key, seed)
  }

  /// The image itself so many times, `[n, C, H, W]`.
  func copies(_ count: Int) -> Tensor {
    Tensor.stacking(Array(repeating: image, count: count), rowShape: image.shape)
  }

  /// Points of a ball, `[n, C, H, W]`: corners in L∞, where no other draw is farther away, else uniform ones.
  func points(_ numbers: Range<Int>, in ball: Ball) -> Tensor {
    if ball.norm == .linf { return corners(numbers, radius: ball.radius) }
    let streams = numbers.map { RandomStream(seed: seed, key, 1 << 32 + UInt64($0)) }
    return ball.randomPoints(around: copies(numbers.count), streams, in: .unit)
  }

  /// Corners of the L∞ ball, clipped to 0…1, `[n, C, H, W]`.
  private func corners(_ numbers: Range<Int>, radius: Float) -> Tensor {
    filled(numbers, stage: 1 << 32) { stream, source, target in
      for start in stride(from: 0, to: source.count, by: 32) {
        var signs = stream.nextWord()
        for index in start..<min(start + 32, source.count) {
          let moved = source[index] + (signs & 1 == 0 ? radius : -radius)
          target[index] = min(max(moved, 0), 1)
          signs >>= 1
        }
      }
    }
  }

  /// Points with every element within ± `reach` of the image's, uniformly, clipped to 0…1, `[n, C, H, W]`.
  func nearby(_ numbers: Range<Int>, reach: Float) -> Tensor {
    filled(numbers, stage: 1 << 33) { stream, source, target in
      for index in source.indices {
        target[index] = min(max(source[index] + stream.uniform(-reach, reach), 0), 1)
      }
    }
  }

  private func filled(
    _ numbers: Range<Int>, stage: UInt64,
    _ draw: (inout RandomStream, UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    let count = image.count
    return image.withElements { source in
      Tensor(image.shape.prepending(numbers.count)) { target in
        for (row, number) in numbers.enumerated() {
          var stream = RandomStream(seed: seed, key, stage + UInt64(number))
          draw(
            &stream, source,
            UnsafeMutableBufferPointer(rebasing: target[row * count..<(row + 1) * count]))
        }
      }
    }
  }
}
