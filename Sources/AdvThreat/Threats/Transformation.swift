import AdvTensor

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// How a candidate was made from its original: enough to make it again.
public enum Transformation: Hashable, Sendable {
  /// A rotation about the middle, then a shift; what comes from outside is the box's lower bound.
  case motion(Motion)
  /// A displacement for every pixel; beyond the edge the edge goes on.
  case flow(FlowField)
  /// A Gaussian blur of this width in pixels, cut off after 3 σ; beyond the edge the edge goes on.
  case blur(sigma: Float)
  /// (1 − share) x + share · the middle of the box.
  case contrast(share: Float)

  /// A rotation by `degrees` counter-clockwise and a shift by whole or broken pixels.
  public struct Motion: Hashable, Sendable {
    /// Counter-clockwise, as the image is seen.
    public var degrees: Float
    /// Pixels downwards.
    public var down: Float
    /// Pixels to the right.
    public var right: Float

    /// A motion.
    public init(degrees: Float, down: Float, right: Float) {
      (self.degrees, self.down, self.right) = (degrees, down, right)
    }
  }

  /// Where every pixel takes its value from, relative to itself.
  public struct FlowField: Hashable, Sendable {
    /// Pixels downwards, row by row.
    public var down: [Float]
    /// Pixels to the right, row by row.
    public var right: [Float]

    /// A field of one displacement per pixel.
    public init(down: [Float], right: [Float]) { (self.down, self.right) = (down, right) }

    /// The length of the longest displacement; infinite for one that is no number.
    public var longest: Float {
      zip(down, right).reduce(0) { longest, step in
        let length = (step.0 * step.0 + step.1 * step.1).squareRoot()
        return length <= longest ? longest : (length.isNaN ? .infinity : length)
      }
    }
  }

  /// The image `[C, H, W]` transformed, inside the box. O(elements), for a blur O(elements · σ).
  public func applied(to image: [Float], _ size: ImageSize, in box: Box) -> [Float] {
    switch self {
    case .motion(let motion): moved(image, motion, size, box)
    case .flow(let field): Self.flowed(image, field, size, box)
    case .blur(let sigma): sigma > 0 ? Self.blurred(image, sigma: sigma, size, box) : image
    case .contrast(let share):
      image.map { box.clamp((1 - share) * $0 + share * (box.lower + box.width / 2)) }
    }
  }

  /// Where the value of pixel (row, column) comes from under a motion.
  private func source(
    _ row: Int, _ column: Int, _ motion: Motion, _ size: ImageSize, _ sine: Float, _ cosine: Float
  ) -> (row: Float, column: Float) {
    let (middleRow, middleColumn) = (Float(size.height - 1) / 2, Float(size.width - 1) / 2)
    let y = Float(row) - motion.down - middleRow
    let x = Float(column) - motion.right - middleColumn
    // Rows run downwards: a turn counter-clockwise takes (x, y) from (cos x − sin y, sin x + cos y).
    return (middleRow + sine * x + cosine * y, middleColumn + cosine * x - sine * y)
  }

  private func moved(_ image: [Float], _ motion: Motion, _ size: ImageSize, _ box: Box) -> [Float] {
    let angle = Double(motion.degrees) * .pi / 180
    let (sine, cosine) = (Float(sin(angle)), Float(cos(angle)))
    var result = image
    for pixel in 0..<size.pixelCount {
      let from = source(pixel / size.width, pixel % size.width, motion, size, sine, cosine)
      let taps = BilinearTaps(row: from.row, column: from.column, size, beyond: .nothing)
      for channel in 0..<size.channels {
        let start = channel * size.pixelCount
        let outside = 1 - taps.weights.sum()
        result[start + pixel] = box.clamp(taps.value(image, from: start) + outside * box.lower)
      }
    }
    return result
  }

  private static func flowed(_ image: [Float], _ field: FlowField, _ size: ImageSize, _ box: Box) -> [Float] {
    precondition(
      field.down.count == size.pixelCount && field.right.count == size.pixelCount, "a field of other size")
    var result = image
    for pixel in 0..<size.pixelCount {
      let taps = BilinearTaps(
        row: Float(pixel / size.width) + field.down[pixel],
        column: Float(pixel % size.width) + field.right[pixel], size, beyond: .edge)
      for channel in 0..<size.channels {
        let start = channel * size.pixelCount
        result[start + pixel] = box.clamp(taps.value(image, from: start))
      }
    }
    return result
  }

  private static func blurred(_ image: [Float], sigma: Float, _ size: ImageSize, _ box: Box) -> [Float] {
    let reach = Swift.max(Int((3 * sigma).rounded(.up)), 1)
    let weights = (-reach...reach).map { exp(-Double($0 * $0) / Double(2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    func pass(_ image: [Float], _ neighbour: (_ row: Int, _ column: Int, _ step: Int) -> Int) -> [Float] {
      var result = image
      for at in image.indices {
        let (start, pixel) = (at / size.pixelCount * size.pixelCount, at % size.pixelCount)
        var sum = 0.0
        for step in -reach...reach {
          let place = neighbour(pixel / size.width, pixel % size.width, step)
          sum += weights[step + reach] * Double(image[start + place])
        }
        result[at] = box.clamp(Float(sum / total))
      }
      return result
    }
    func clip(_ value: Int, _ count: Int) -> Int { Swift.min(Swift.max(value, 0), count - 1) }
    let rows = pass(image) { row, column, step in row * size.width + clip(column + step, size.width) }
    return pass(rows) { row, column, step in clip(row + step, size.height) * size.width + column }
  }
}

extension Transformation: CustomStringConvertible {
  /// "rotated by −12.0°, shifted by 1.5 px down and 0.0 px right".
  public var description: String {
    switch self {
    case .motion(let motion):
      "rotated by \(motion.degrees)°, shifted by \(motion.down) px down and \(motion.right) px right"
    case .flow(let field): "pixels moved by up to \(field.longest) px"
    case .blur(let sigma): "blurred by σ = \(sigma) px"
    case .contrast(let share): "mixed with \(share) of mid-grey"
    }
  }
}
