import AdvTensor

/// A random change of a training image that keeps its class.
///
/// The result is a pure function of the image and of the draws: the same seed, image and epoch give the same
/// bits, whichever batch or thread the image comes in.
public protocol Augmentation: Sendable {
  /// The word on the command line, such as `flip`.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// The usual strength.
  init()
  /// A changed copy of `image`, `[channels, height, width]` with pixels in 0…1; the result has its shape.
  func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor
}

/// Every augmentation that a recipe can name.
public enum AugmentationCatalog {
  /// One line for each augmentation.
  public static let all: [any Augmentation.Type] = [
    HorizontalFlip.self,
    PadAndCrop.self,
  ]

  /// The augmentations of a list such as `flip,crop`, in the order given; an empty list is none.
  public static func parse(_ list: String) throws(DataError) -> [any Augmentation] {
    var chosen: [any Augmentation] = []
    for word in list.split(separator: ",").map(String.init) {
      guard let type = all.first(where: { $0.name == word }) else {
        let names = all.map { $0.name }
        throw .unknownAugmentation(word, nearest: nearestNames(to: word, among: names))
      }
      chosen.append(type.init())
    }
    return chosen
  }
}

/// A chain of augmentations for one training run.
public struct AugmentationPipeline: Sendable {
  /// The steps, first to last.
  public let steps: [any Augmentation]
  private let seed: UInt64

  /// A chain whose draws are fixed by `seed`.
  public init(_ steps: [any Augmentation], seed: UInt64) {
    self.steps = steps
    self.seed = seed
  }

  /// Image number `index` of the training set as it is shown in this epoch, `[channels, height, width]`.
  public func apply(to image: Tensor, index: Int, epoch: Int) -> Tensor {
    var result = image
    for (position, step) in steps.enumerated() {
      var draws = RandomStream(seed: seed, UInt64(index), UInt64(epoch), UInt64(position))
      result = step.apply(to: result, &draws)
    }
    return result
  }
}
