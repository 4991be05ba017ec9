import AdvGraph
import AdvSettings
import AdvTensor

/// A family of networks with its parameters as stored properties: depth, widths, classes, input shape.
///
/// `build` records the path from the (already preprocessed) image to the logits, under the parameter names of
/// the published checkpoints. A new architecture is one file and one line of `ModelCatalog`.
public protocol Architecture: Hashable, Sendable {
  /// The number of logits, at least 2.
  var classes: Int { get set }
  /// The shape of one image, `[channels, height, width]`; linear models take any shape.
  var inputShape: Shape { get set }

  /// The properties that a user may set in a specifier, besides the class count and the image's size.
  static var parameters: [Parameter<Self>] { get }

  /// Records the layers between `x` (n × `inputShape`) and the logits (n × `[classes]`).
  func build(_ x: Value, _ w: Weights) -> Value

  /// Records the layers up to the logits, and behind them the logits of auxiliary classifiers: what training sees.
  func buildForTraining(_ x: Value, _ w: Weights) -> [Value]

  /// The share of an auxiliary classifier's loss in the objective of training.
  var auxiliaryWeight: Float { get }

  /// Takes over what the shapes of a checkpoint's tensors tell: classes, input channels, widths.
  mutating func adapt(to checkpoint: [String: Shape])

  /// Whether a tensor of a published checkpoint plays no part in the logits: an auxiliary classifier.
  func ignores(_ weight: String) -> Bool

  /// This architecture's name of a tensor that some published checkpoints call otherwise.
  func canonicalName(of weight: String) -> String

  /// The shape in which this architecture holds a tensor, under its canonical name, that some published checkpoints
  /// keep in another: a fully connected layer as a convolution. As many elements, in the same order.
  func canonicalShape(of weight: String, _ shape: Shape) -> Shape
}

extension Architecture {
  /// No rows of its own.
  public static var parameters: [Parameter<Self>] { [] }

  /// The logits alone.
  public func buildForTraining(_ x: Value, _ w: Weights) -> [Value] { [build(x, w)] }

  /// Szegedy et al. 2015, arXiv:1409.4842, section 5.
  public var auxiliaryWeight: Float { 0.3 }

  /// No tensor is ignored.
  public func ignores(_ weight: String) -> Bool { false }

  /// The name itself.
  public func canonicalName(of weight: String) -> String { weight }

  /// The shape itself.
  public func canonicalShape(of weight: String, _ shape: Shape) -> Shape { shape }

  /// Reads the class count off the last layer's weight and the input channels off the first one's.
  ///
  /// The input keeps its height and width: fully convolutional checkpoints do not tell them.
  mutating func adapt(to checkpoint: [String: Shape], first: String, last: String) {
    if let shape = checkpoint["\(last).weight"], shape.rank >= 2, shape[0] >= 2 { classes = shape[0] }
    if let shape = checkpoint["\(first).weight"], shape.rank == 4, inputShape.rank == 3, shape[1] > 0 {
      inputShape = [shape[1], inputShape[1], inputShape[2]]
    }
  }
}
