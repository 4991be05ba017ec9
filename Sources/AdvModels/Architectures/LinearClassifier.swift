import AdvGraph
import AdvTensor

/// Multiclass linear classifier: logits = W x + b, one template for each class.
///
/// The network on which the fast gradient sign is the exact optimum — Goodfellow et al. 2015, arXiv:1412.6572.
/// At 3×32×32 and 10 classes: 30,730 parameters.
public struct LinearClassifier: Architecture {
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// The classifier of ten classes on 3×32×32 images.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value { x.flatten().linear(w["linear"], classes) }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    guard let shape = checkpoint["linear.weight"], shape.rank == 2 else { return }
    classes = shape[0]
    inputShape = Shape.guessed(elements: shape[1], near: inputShape)
  }
}

extension Shape {
  /// The image shape of a flat weight matrix with this many columns: `usual` where it has that many elements,
  /// else a square picture in colour or grey, else a vector.
  static func guessed(elements: Int, near usual: Shape) -> Shape {
    if usual.elementCount == elements { return usual }
    for channels in [3, 1] where elements % channels == 0 {
      let side = Int(Double(elements / channels).squareRoot().rounded())
      if side >= 8 && side * side * channels == elements { return [channels, side, side] }
    }
    return [elements]
  }
}
