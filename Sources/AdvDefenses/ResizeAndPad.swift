import AdvTensor
import AdvThreat

/// The image at a random size in a random place of a black frame — Xie et al. 2017, arXiv:1711.01991.
///
/// The paper enlarges the frame from 299 to 331 pixels and draws sizes in between. Here the network keeps its
/// input, so the image shrinks instead, to between `smallest` and the whole of its side; bilinear.
public struct ResizeAndPad: RandomFilter {
  /// What it is.
  public static let card = DefenseCard(
    "resize-pad", "Random resizing and padding", paper: "arXiv:1711.01991",
    rule: "x <- pad(resize(x, s h), at random), s uniform in smallest ... 1", gradient: .averaged,
    remark: "the verdict rests on draws fixed by the seed and the image's name")

  /// How the verdict's draws become one answer.
  public static let vote = Vote.mean

  /// The smallest side, as a share of the frame's; the paper's ratio is 299 / 331.
  public var smallest: Float = 0.9
  /// Draws of the verdict; the paper has one.
  public var samples = 1
  /// Draws that each pass of an attack averages over.
  public var draws = 8

  /// The paper's ratio and its one draw.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<ResizeAndPad>] = [
    .float("smallest", \.smallest, in: 0.1...1, "The smallest side, as a share of the frame's."),
    .int("samples", \.samples, in: 1...100_000, "Draws of the verdict."),
    .int("draws", \.draws, in: 1...1_000, "Draws that each pass of an attack averages over."),
  ]

  /// The image, smaller and somewhere in the frame.
  public func apply(to image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachTap(image.size, draws) { target, source, weight in
      result.values[target] += weight * image.values[source]
    }
    return result
  }

  // forward: y = A x    so: dx = Aᵀ dy.
  /// The transposed interpolation.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes {
    var result = Planes(image.size)
    forEachTap(image.size, draws) { target, source, weight in
      result.values[source] += weight * cotangent.values[target]
    }
    return result
  }

  private func forEachTap(
    _ size: ImageSize, _ draws: RandomStream, _ body: (_ target: Int, _ source: Int, Float) -> Void
  ) {
    var draws = draws
    let share = draws.uniform(smallest, 1)
    let height = max(1, min(size.height, Int((share * Float(size.height)).rounded())))
    let width = max(1, min(size.width, Int((share * Float(size.width)).rounded())))
    let top = draws.integer(below: size.height - height + 1)
    let left = draws.integer(below: size.width - width + 1)
    for row in 0..<height {
      for column in 0..<width {
        // Pixel centres lie at halves of either grid.
        let taps = BilinearTaps(
          row: (Float(row) + 0.5) * Float(size.height) / Float(height) - 0.5,
          column: (Float(column) + 0.5) * Float(size.width) / Float(width) - 0.5, size, beyond: .edge)
        for channel in 0..<size.channels {
          let target = size.offset(channel, top + row, left + column)
          for tap in 0..<4 where taps.weights[tap] != 0 {
            body(target, channel * size.pixelCount + taps.places[tap], taps.weights[tap])
          }
        }
      }
    }
  }
}
