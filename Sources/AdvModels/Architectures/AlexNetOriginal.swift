import AdvGraph
import AdvSettings
import AdvTensor

/// AlexNet as published — Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
/// neural networks": layers 2, 4 and 5 in the two groups of its two GPUs, local response normalisation after the
/// first two layers, overlapping pools.
///
/// At 227×227 with 1,000 classes: 60,965,224 parameters, 0.724 G multiply–adds; the first layer's 96 filters of
/// 11×11×3 are 34,848 weights and make planes of (227 − 11) / 4 + 1 = 55.
public struct AlexNetOriginal: Architecture {
  /// The channels of the first convolution; the others have 8, 12, 12 and 8 thirds of it.
  public var width = 96
  /// The width of the two hidden fully connected layers.
  public var hidden = 4096
  /// The share of activations dropped in training, behind each hidden fully connected layer.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 227, 227]

  /// The network for ImageNet.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.conv(w["conv1"], channels: width, kernel: 11, stride: 4).relu()
    h = h.localResponseNorm().maxPool(3, stride: 2)
    h = h.conv(w["conv2"], channels: width * 8 / 3, kernel: 5, padding: 2, groups: 2).relu()
    h = h.localResponseNorm().maxPool(3, stride: 2)
    h = h.conv(w["conv3"], channels: 4 * width, kernel: 3, padding: 1).relu()
    h = h.conv(w["conv4"], channels: 4 * width, kernel: 3, padding: 1, groups: 2).relu()
    h = h.conv(w["conv5"], channels: width * 8 / 3, kernel: 3, padding: 1, groups: 2).relu().maxPool(
      3, stride: 2)
    h = h.flatten().linear(w["fc6"], hidden).relu().dropout(dropout)
    h = h.linear(w["fc7"], hidden).relu().dropout(dropout)
    return h.linear(w["fc8"], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<AlexNetOriginal>] {
    [
      .int("width", \.width, in: 6...4096, "The channels of the first convolution, a multiple of 6."),
      .int("hidden", \.hidden, in: 1...65_536, "The width of the hidden fully connected layers."),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc8")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
    if let shape = checkpoint["fc6.weight"], shape.rank == 2 { hidden = shape[0] }
  }
}
