import AdvGraph
import AdvSettings
import AdvTensor

/// Network in Network — Lin et al. 2014, arXiv:1312.4400: each convolution is followed by a small perceptron
/// across channels (two 1×1 convolutions), and the last planes, one for each class, are averaged: no linear layer.
///
/// The CIFAR form: at 32×32 and 10 classes 966,986 parameters, 0.22 G multiply–adds.
public struct NetworkInNetwork: Architecture {
  /// The channels of the first convolution; the other widths keep the published proportions to it.
  public var width = 192
  /// The share of activations dropped in training, behind the first two blocks.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// The network for ten classes of 32×32 images.
  public init() {}

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = perceptron(x, w["block1"], kernel: 5, widths: [width, width * 5 / 6, width / 2])
    h = h.maxPool(3, stride: 2, padding: 1)
    h = perceptron(h.dropout(dropout), w["block2"], kernel: 5, widths: [width, width, width])
    h = h.averagePool(3, stride: 2, padding: 1).dropout(dropout)
    return perceptron(h, w["block3"], kernel: 3, widths: [width, width, classes]).globalAveragePool()
  }

  private func perceptron(_ x: Value, _ w: Weights, kernel: Int, widths: [Int]) -> Value {
    var h = x
    for (index, width) in widths.enumerated() {
      let size = index == 0 ? kernel : 1
      h = h.conv(w[index], channels: width, kernel: size, padding: size / 2).relu()
    }
    return h
  }

  /// What a user may set.
  public static var parameters: [Parameter<NetworkInNetwork>] {
    [
      .int("width", \.width, in: 2...1024, "The channels of the first convolution."),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "block1.0", last: "block3.2")
    if let shape = checkpoint["block1.0.weight"], shape.rank == 4 { width = shape[0] }
  }
}
