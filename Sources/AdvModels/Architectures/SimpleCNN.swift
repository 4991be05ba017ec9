import AdvGraph
import AdvTensor

/// A plain convolutional network: convolution 3×3, batch norm, ReLU, max-pool three times with 16, 32 and 64
/// channels, then one linear layer on all features (64 · 28 · 28 at 224×224).
///
/// At 224×224 with 10 classes: 525,578 parameters.
public struct SimpleCNN: Architecture {
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// The network for ten classes of 224×224 images.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x
    for (index, channels) in [16, 32, 64].enumerated() {
      h = h.conv(w["conv\(index + 1)"], channels: channels, kernel: 3, padding: 1)
      h = h.batchNorm(w["bn\(index + 1)"]).relu().maxPool(2)
    }
    return h.flatten().linear(w["fc"], classes)
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc")
    guard let shape = checkpoint["fc.weight"], shape.rank == 2 else { return }
    let side = Int(Double(shape[1] / 64).squareRoot()) * 8
    if side > 0 { inputShape = [inputShape[0], side, side] }
  }
}
