import AdvGraph
import AdvSettings
import AdvTensor

/// Binarised network — Courbariaux et al. 2016, arXiv:1602.02830, section 2.3: weights and activations of −1 and 1,
/// trained and attacked through the straight-through estimate of the sign's gradient.
///
/// (2×128C3)–MP2–(2×256C3)–MP2–(2×512C3)–MP2–(2×1024FC)–10FC with batch norm after each layer. The checkpoint holds
/// real weights, whose signs the network uses. At 32×32 with 10 classes: 14,029,716 parameters, 0.62 G multiply–adds.
public struct BinaryNet: Architecture {
  /// The channels of the first two convolutions; each following pair has twice as many.
  public var width = 128
  /// The width of the two hidden fully connected layers.
  public var hidden = 1024
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// The paper's network for CIFAR-10.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x
    for layer in 0..<6 {
      let weights = w["conv\(layer + 1)"]
      let kernels = weights.parameter("weight", [width << (layer / 2), h.channels, 3, 3], .convolutionWeight)
      h = h.apply(Convolution(padding: Padding2D(1)), binary(kernels), path: weights.path)
      if layer % 2 == 1 { h = h.maxPool(2) }
      h = binary(h.batchNorm(w["bn\(layer + 1)"]))
    }
    h = h.flatten()
    for layer in 1...3 {
      let (weights, outputs) = (w["fc\(layer)"], layer == 3 ? classes : hidden)
      let matrix = weights.parameter("weight", [outputs, h.channels], .linearWeight)
      h = h.apply(Linear(), binary(matrix), path: weights.path).batchNorm(w["bn\(layer + 6)"])
      if layer < 3 { h = binary(h) }
    }
    return h
  }

  private func binary(_ x: Value) -> Value { x.apply(BinarySign()) }

  /// What a user may set.
  public static var parameters: [Parameter<BinaryNet>] {
    [
      .int("width", \.width, in: 1...2048, "The channels of the first two convolutions."),
      .int("hidden", \.hidden, in: 1...65_536, "The width of the hidden fully connected layers."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc3")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
    guard let shape = checkpoint["fc1.weight"], shape.rank == 2 else { return }
    hidden = shape[0]
    let side = Int(Double(shape[1] / max(4 * width, 1)).squareRoot())
    if side > 0 { inputShape = [inputShape[0], side * 8, side * 8] }
  }
}
