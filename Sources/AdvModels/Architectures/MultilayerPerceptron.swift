import AdvGraph
import AdvSettings
import AdvTensor

/// Multilayer perceptron: fully connected layers `fc1`, `fc2`, … with ReLU between them — Rumelhart et al. 1986.
///
/// At 3×32×32 with hidden widths 256 and 128: 820,874 parameters.
public struct MultilayerPerceptron: Architecture {
  /// The widths of the hidden layers, from the input on.
  public var hidden = [256, 128]
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// The perceptron with two hidden layers on 3×32×32 images.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.flatten()
    for (index, width) in hidden.enumerated() { h = h.linear(w["fc\(index + 1)"], width).relu() }
    return h.linear(w["fc\(hidden.count + 1)"], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<MultilayerPerceptron>] {
    [.int("hidden", \.firstWidth, in: 2...65_536, "The first hidden width; the second is half of it.")]
  }

  private var firstWidth: Int {
    get { hidden.first ?? 0 }
    set { hidden = [newValue, newValue / 2] }
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    let widths = (1...64).map { checkpoint["fc\($0).weight"] }.prefix { $0?.rank == 2 }.compactMap { $0 }
    guard let first = widths.first, let last = widths.last else { return }
    inputShape = Shape.guessed(elements: first[1], near: inputShape)
    hidden = widths.dropLast().map { $0[0] }
    classes = last[0]
  }
}
