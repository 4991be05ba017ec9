import AdvGraph
import AdvSettings
import AdvTensor

/// A plain convolutional network: convolution 3×3, batch norm, ReLU, max-pool three times with 16, 32 and 64
/// channels, then one linear layer on all features (64 · 28 · 28 at 224×224).
///
/// At 224×224 with 10 classes: 525,578 parameters.
public struct SimpleCNN: Architecture {
  /// The channels of the first convolution; the others have twice and four times as many.
  public var width = 16
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// The network for ten classes of 224×224 images.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x
    for (index, channels) in [width, 2 * width, 4 * width].enumerated() {
      h = h.conv(w["conv\(index + 1)"], channels: channels, kernel: 3, padding: 1)
      h = h.batchNorm(w["bn\(index + 1)"]).relu().maxPool(2)
    }
    return h.flatten().linear(w["fc"], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<SimpleCNN>] {
    [.int("width", \.width, in: 1...1024, "The channels of the first convolution.")]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
    guard let shape = checkpoint["fc.weight"], shape.rank == 2, width > 0 else { return }
    let side = Int(Double(shape[1] / (4 * width)).squareRoot()) * 8
    if side > 0 { inputShape = [inputShape[0], side, side] }
  }
}
