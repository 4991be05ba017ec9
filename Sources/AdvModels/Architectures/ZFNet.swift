import AdvGraph
import AdvSettings
import AdvTensor

/// ZFNet — Zeiler & Fergus 2014, arXiv:1311.2901, figure 3: AlexNet with a finer first layer (7×7, stride 2),
/// which keeps what the filters see clear enough to be projected back.
///
/// Under AlexNet's names, without the contrast normalisations. At 224×224 with 1,000 classes: 62,357,608
/// parameters, 1.17 G multiply–adds. A stride of 1 makes it fit 32×32 images.
public struct ZFNet: Architecture {
  /// The channels of the first convolution; the others have 8, 12, 12 and 8 thirds of it.
  public var width = 96
  /// The step of the first two convolutions: 2 in the paper.
  public var stride = 2
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
    var h = x.conv(features[0], channels: width, kernel: 7, stride: stride, padding: 1).relu()
    h = h.maxPool(3, stride: 2, padding: 1)
    h = h.conv(features[3], channels: width * 8 / 3, kernel: 5, stride: stride).relu()
    h = h.maxPool(3, stride: 2, padding: 1)
    h = h.conv(features[6], channels: 4 * width, kernel: 3, padding: 1).relu()
    h = h.conv(features[8], channels: 4 * width, kernel: 3, padding: 1).relu()
    h = h.conv(features[10], channels: width * 8 / 3, kernel: 3, padding: 1).relu().maxPool(3, stride: 2)
    h = h.flatten().dropout(dropout).linear(classifier[1], hidden).relu()
    h = h.dropout(dropout).linear(classifier[4], hidden).relu()
    return h.linear(classifier[6], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<ZFNet>] {
    [
      .int("width", \.width, in: 3...1024, "The channels of the first convolution."),
      .int("stride", \.stride, in: 1...4, "The step of the first two convolutions; 1 fits 32×32 images."),
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
