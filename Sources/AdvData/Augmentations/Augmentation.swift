import AdvSettings
import AdvTensor

/// A random change of a training image that keeps its class.
///
/// The result is a pure function of the image and of the draws: the same seed, image and epoch give the same
/// bits, whichever batch or thread the image comes in.
public protocol Augmentation: Configurable {
  /// The word on the command line, such as `flip`.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// A changed copy of `image`, `[channels, height, width]` with pixels in 0…1; the result has its shape and
  /// pixels in 0…1.
  func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor
}

/// An augmentation that looks at the training images once, before training.
public protocol FittedAugmentation: Augmentation {
  /// This augmentation with what it has learnt from images `[channels, height, width]`; throws where they do
  /// not suit it.
  func fitted(to images: [Tensor]) throws(DataError) -> Self
}

/// A blend of a training image with another one, and of their labels in the same shares.
public protocol Mixture: Configurable {
  /// The word on the command line, such as `mixup`.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// The blend of two images of one shape, and the share of the first in the label, 0…1.
  func mix(_ image: Tensor, _ partner: Tensor, _ draws: inout RandomStream) -> (image: Tensor, share: Float)
}

/// One step of a pipeline.
public enum AugmentationStep: Sendable {
  /// Changes an image.
  case change(any Augmentation)
  /// Blends it with another.
  case mixture(any Mixture)
}

/// One line of the catalogue.
public struct AugmentationEntry: Sendable {
  /// The word on the command line.
  public let name: String
  /// One sentence for people.
  public let summary: String
  /// The parameters with their usual values.
  public let parameters: [ParameterDescription]
  private let make: @Sendable ([Specifier.Setting]) throws(SettingError) -> AugmentationStep

  init<A: Augmentation>(_ type: A.Type) {
    (name, summary) = (A.name, A.summary)
    parameters = A.parameters.map { $0.description(in: A()) }
    make = { (settings) throws(SettingError) in .change(try A().setting(settings, owner: A.name)) }
  }

  init<M: Mixture>(_ type: M.Type) {
    (name, summary) = (M.name, M.summary)
    parameters = M.parameters.map { $0.description(in: M()) }
    make = { (settings) throws(SettingError) in .mixture(try M().setting(settings, owner: M.name)) }
  }

  /// The step with some parameters set.
  public func step(_ settings: [Specifier.Setting] = []) throws(SettingError) -> AugmentationStep {
    try make(settings)
  }
}
