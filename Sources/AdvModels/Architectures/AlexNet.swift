import AdvGraph
import AdvSettings
import AdvTensor

/// AlexNet in torchvision's form — Krizhevsky 2014, arXiv:1404.5997, "One weird trick": one group, no
/// normalisation.
///
/// At 224×224 with 1,000 classes: 61,100,840 parameters, 0.714 G multiply–adds. A first stride of 1 makes it fit
/// 32×32 images.
public struct AlexNet: Architecture {
  /// The channels of the first convolution; the others have 3, 6, 4 and 4 times as many.
  public var width = 64
  /// The step of the first convolution: 4 in the paper.
  public var stride = 4
  /// The width of the two hidden fully connected layers.
  public var hidden = 4096
  /// The share of activations dropped in training, before each hidden fully connected layer.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// The network for ImageNet.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let (features, classifier) = (w["features"], w["classifier"])
    var h = x.conv(features[0], channels: width, kernel: 11, stride: stride, padding: 2)
    h = h.relu().maxPool(3, stride: 2)
    h = h.conv(features[3], channels: 3 * width, kernel: 5, padding: 2).relu().maxPool(3, stride: 2)
    h = h.conv(features[6], channels: 6 * width, kernel: 3, padding: 1).relu()
    h = h.conv(features[8], channels: 4 * width, kernel: 3, padding: 1).relu()
    h = h.conv(features[10], channels: 4 * width, kernel: 3, padding: 1).relu().maxPool(3, stride: 2)
    h = h.averagedToAtMost(6).flatten()
    h = h.dropout(dropout).linear(classifier[1], hidden).relu()
    h = h.dropout(dropout).linear(classifier[4], hidden).relu()
    return h.linear(classifier[6], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<AlexNet>] {
    [
      .int("width", \.width, in: 1...1024, "The channels of the first convolution."),
      .int("stride", \.stride, in: 1...8, "The step of the first convolution; 1 fits 32×32 images."),
      .int("hidden", \.hidden, in: 1...65_536, "The width of the hidden fully connected layers."),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0", last: "classifier.6")
    if let shape = checkpoint["features.0.weight"], shape.rank == 4 { width = shape[0] }
    if let shape = checkpoint["classifier.1.weight"], shape.rank == 2 { hidden = shape[0] }
  }
}
