import AdvTensor

/// The values that an 8-bit file can hold: k / 255 for k in 0…255, as Float.
public enum Lattice {
  /// Values this near to a level, in levels, are that level: four times the rounding of Float near 1.
  static let snap = 1e-4

  /// The pixel of a level.
  public static func value(_ level: Int) -> Float { Float(level) / 255 }

  /// The nearest level of a pixel, in 0…255.
  public static func level(_ value: Float) -> Int {
    Swift.min(Swift.max(Int((Double(value) * 255).rounded()), 0), 255)
  }

  /// The whole levels inside a radius: ⌊255 · radius⌋, where a multiple of 1/255 is what it was meant to be.
  public static func strictLevels(radius: Float) -> Int { Int((Double(radius) * 255 + snap).rounded(.down)) }

  /// Whether every element is a value that a file can hold.
  public static func contains(_ images: Tensor) -> Bool {
    images.withElements { $0.allSatisfy { $0 == value(level($0)) } }
  }

  /// The nearest lattice point of every element.
  public static func nearest(_ images: Tensor) -> Tensor { map(images) { value(level($0)) } }

  /// Candidates as an 8-bit file holds them.
  ///
  /// Strict: the perturbation is rounded toward zero in level space, so that it can grow in no norm. That
  /// needs originals on the lattice; an original that is not is taken as its nearest lattice point.
  /// - Parameters: candidates and originals `[n, C, H, W]` of one shape.
  public static func quantise(_ candidates: Tensor, around originals: Tensor, _ rounding: EpsilonRounding)
    -> Tensor
  {
    precondition(candidates.shape == originals.shape, "\(candidates.shape) around \(originals.shape)")
    guard rounding == .strict else { return nearest(candidates) }
    return originals.withElements { centers in
      candidates.withElements { points in
        Tensor(candidates.shape) { destination in
          for index in points.indices { destination[index] = value(strict(points[index], centers[index])) }
        }
      }
    }
  }

  /// The levels `[n · C · H · W]` of images, as the bytes of a file.
  public static func bytes(_ images: Tensor) -> [UInt8] {
    images.withElements { $0.map { UInt8(level($0)) } }
  }

  private static func strict(_ candidate: Float, _ original: Float) -> Int {
    let center = level(original)
    let moved = Double(candidate) * 255 - Double(center)
    let whole = (moved.magnitude + snap).rounded(.down)
    return Swift.min(Swift.max(center + Int(moved < 0 ? -whole : whole), 0), 255)
  }

  private static func map(_ images: Tensor, _ transform: (Float) -> Float) -> Tensor {
    images.withElements { source in
      Tensor(images.shape) { destination in
        for index in source.indices { destination[index] = transform(source[index]) }
      }
    }
  }
}
