import AdvData
import AdvTensor
import AdvThreat

/// The images of a run, each checked against what the model takes.
public struct ImageSource: Sendable {
  /// The selected images.
  public let dataset: any Dataset
  /// Whether the data set's labels are used; without, the clean prediction is the label.
  public let isLabelled: Bool
  private let prepare: @Sendable (_ image: Tensor, _ source: String) throws -> Tensor

  /// All images of a selection, brought by `prepare` to what the model takes; `prepare` throws where it cannot.
  public init(
    _ dataset: any Dataset, isLabelled: Bool,
    prepare: @escaping @Sendable (_ image: Tensor, _ source: String) throws -> Tensor = { image, _ in image }
  ) {
    (self.dataset, self.isLabelled, self.prepare) = (dataset, isLabelled, prepare)
  }

  /// The number of images.
  public var count: Int { dataset.count }

  /// One image as `[C, H, W]` on the lattice of 8-bit levels, so that a file can
  /// hold it exactly.
  public func image(_ place: Int) throws -> Tensor {
    let image = try prepare(try dataset.image(place), dataset.source(place))
    return Lattice.contains(image) ? image : Lattice.nearest(image)
  }

  func identifier(_ place: Int) -> String { dataset.identifier(place) }

  func source(_ place: Int) -> String { dataset.source(place) }

  func label(_ place: Int) -> Int? { isLabelled ? dataset.label(place) : nil }

  /// The number that keys the image's random draws: FNV-1a of its name, the same in any selection.
  func key(_ place: Int) -> UInt64 {
    identifier(place).utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
