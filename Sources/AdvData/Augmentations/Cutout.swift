import AdvSettings
import AdvTensor

/// Blackens a square around a random pixel; part of it may lie outside — DeVries & Taylor 2017, arXiv:1708.04552.
public struct Cutout: Augmentation {
  /// The word on the command line.
  public static let name = "cutout"
  /// One sentence for people.
  public static let summary = "Blacken a square around a random pixel."

  /// The side of the square, in pixels.
  public var size = 8

  /// A quarter of the side of a 32 × 32 image; the paper takes 16 for CIFAR-10 and 8 for CIFAR-100.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Cutout>] = [
    .int("size", \.size, in: 0...4096, "The side of the square, in pixels.")
  ]

  /// The `image`, `[channels, height, width]`, with its hole.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    let x = draws.integer(below: image.shape[2]) - size / 2
    let y = draws.integer(below: image.shape[1]) - size / 2
    var result = image
    result.fillRectangle(rows: y..<(y + size), columns: x..<(x + size)) { 0 }
    return result
  }
}

extension Tensor {
  /// Writes what `value` gives into a rectangle of every channel of `[channels, height, width]`, cut at the edges.
  mutating func fillRectangle(rows: Range<Int>, columns: Range<Int>, _ value: () -> Float) {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    let (rows, columns) = (rows.clamped(to: 0..<height), columns.clamped(to: 0..<width))
    withMutableElements { pixels in
      for channel in 0..<channels {
        for y in rows {
          for x in columns { pixels[(channel * height + y) * width + x] = value() }
        }
      }
    }
  }
}
