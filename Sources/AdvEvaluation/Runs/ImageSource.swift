import AdvData
import AdvFormats
import AdvTensor
import AdvThreat

/// The images of a run, each checked against what the model takes.
public struct ImageSource: Sendable {
  /// The selected images.
  public let dataset: any Dataset
  /// `[C, H, W]` that the model takes; nil for any.
  public let shape: Shape?
  /// Whether the data set's labels are used; without, the clean prediction is the label.
  public let isLabelled: Bool

  /// All images of a selection for a model that takes images of `shape`.
  public init(_ dataset: any Dataset, shape: Shape?, isLabelled: Bool) {
    (self.dataset, self.shape, self.isLabelled) = (dataset, shape, isLabelled)
  }

  /// The number of images.
  public var count: Int { dataset.count }

  /// One image as `[C, H, W]` on the lattice of 8-bit levels, so that a file can
  /// hold it exactly.
  func image(_ place: Int) throws -> Tensor {
    let image = try dataset.image(place)
    let source = dataset.source(place)
    if let shape, image.shape != shape {
      throw EvaluationError.image(
        source: source,
        problem: "the image is \(Self.words(image.shape)), the model takes \(Self.words(shape)).\n"
          + "  Give images of that size, or a model for this one (--input-size).")
    }
    return Lattice.contains(image) ? image : Lattice.nearest(image)
  }

  func identifier(_ place: Int) -> String { dataset.identifier(place) }

  func source(_ place: Int) -> String { dataset.source(place) }

  func label(_ place: Int) -> Int? { isLabelled ? dataset.label(place) : nil }

  /// The number that keys the image's random draws: FNV-1a of its name, the same in any selection.
  func key(_ place: Int) -> UInt64 {
    identifier(place).utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func words(_ shape: Shape) -> String {
    guard shape.rank == 3 else { return "\(shape)" }
    let colours = shape[0] == 1 ? "grey" : shape[0] == 3 ? "RGB" : "\(shape[0]) channels"
    return "\(shape[2]) × \(shape[1]) \(colours)"
  }
}
