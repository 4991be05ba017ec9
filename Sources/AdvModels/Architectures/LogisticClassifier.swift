import AdvGraph
import AdvTensor

/// Binary logistic classifier: P(class 1) = σ(w·x + b), the textbook demonstration of the fast gradient sign,
/// where one step of ε in the sign of w moves the score by ε‖w‖₁ — Goodfellow et al. 2015, arXiv:1412.6572.
///
/// The single score z is presented as the two logits [0, z], whose softmax is [1 − σ(z), σ(z)].
public struct LogisticClassifier: Architecture {
  /// The number of logits.
  public var classes = 2
  /// The shape of one image.
  public var inputShape: Shape = [10]

  /// The classifier of vectors with ten elements.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    x.flatten().linear(w["linear"], 1).pad(before: [1], after: [0])
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    guard let shape = checkpoint["linear.weight"], shape.rank == 2 else { return }
    inputShape = Shape.guessed(elements: shape[1], near: inputShape)
  }
}
