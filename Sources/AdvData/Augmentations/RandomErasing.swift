import AdvSettings
import AdvTensor
import Foundation

/// Fills a rectangle of random size and shape with random pixels — Zhong et al. 2017, arXiv:1708.04896, algorithm 1.
public struct RandomErasing: Augmentation {
  /// The word on the command line.
  public static let name = "erase"
  /// One sentence for people.
  public static let summary = "Fill a random rectangle with random pixels, for half of the images."

  /// The share of images that lose something.
  public var probability: Float = 0.5
  /// The smallest rectangle, as a share of the area.
  public var smallest: Float = 0.02
  /// The largest rectangle, as a share of the area.
  public var largest: Float = 0.4
  /// The smallest ratio of the sides; its inverse is the largest.
  public var ratio: Float = 0.3

  /// The paper's values.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<RandomErasing>] = [
    .float("probability", \.probability, in: 0...1, "The share of images that lose something."),
    .float("smallest", \.smallest, in: 0...1, "The smallest rectangle, as a share of the area."),
    .float("largest", \.largest, in: 0...1, "The largest rectangle, as a share of the area."),
    .float("ratio", \.ratio, in: 0.05...1, "The smallest ratio of the sides."),
  ]

  /// The `image`, `[channels, height, width]`, perhaps with a rectangle of noise.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    guard draws.uniform() < probability else { return image }
    let (height, width) = (image.shape[1], image.shape[2])
    // A rectangle that does not fit is drawn again; after a hundred draws the image stays whole.
    for _ in 0..<100 {
      let area = draws.uniform(min(smallest, largest), max(smallest, largest)) * Float(height * width)
      let aspect = exp(draws.uniform(log(ratio), -log(ratio)))
      let (rows, columns) = (Int((area * aspect).squareRoot()), Int((area / aspect).squareRoot()))
      guard rows <= height, columns <= width else { continue }
      let (top, left) = (draws.integer(below: height - rows + 1), draws.integer(below: width - columns + 1))
      var result = image
      result.fillRectangle(rows: top..<(top + rows), columns: left..<(left + columns)) { draws.uniform() }
      return result
    }
    return image
  }
}
