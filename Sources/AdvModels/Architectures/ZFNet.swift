import AdvGraph
import AdvSettings
import AdvTensor

/// ZFNet — Zeiler & Fergus 2014, arXiv:1311.2901, figure 3: AlexNet with a finer first layer (7×7, stride 2),
/// which keeps what the filters see clear enough to be projected back.
///
/// Under AlexNet's names, without the contrast normalisations. At 224×224 with 1,000 classes: 62,357,608
/// parameters, 1.17 G multiply–adds.
public struct ZFNet: Architecture {
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
    var h = x.conv(features[0], channels: 96, kernel: 7, stride: 2, padding: 1).relu()
    h = h.maxPool(3, stride: 2, padding: 1)
    h = h.conv(features[3], channels: 256, kernel: 5, stride: 2).relu().maxPool(3, stride: 2, padding: 1)
    h = h.conv(features[6], channels: 384, kernel: 3, padding: 1).relu()
    h = h.conv(features[8], channels: 384, kernel: 3, padding: 1).relu()
    h = h.conv(features[10], channels: 256, kernel: 3, padding: 1).relu().maxPool(3, stride: 2)
    h = h.flatten().dropout(dropout).linear(classifier[1], hidden).relu()
    h = h.dropout(dropout).linear(classifier[4], hidden).relu()
    return h.linear(classifier[6], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<ZFNet>] {
    [
      .int("hidden", \.hidden, in: 1...65_536, "The width of the hidden fully connected layers."),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0", last: "classifier.6")
    if let shape = checkpoint["classifier.1.weight"], shape.rank == 2 { hidden = shape[0] }
  }
}
