import AdvGraph
import AdvSettings
import AdvTensor

/// Wide residual network for 32×32 images — Zagoruyko & Komodakis 2016, arXiv:1605.07146: pre-activation blocks
/// with `width` times the channels and few layers, depth 6k + 4, under the names of the usual PyTorch port.
///
/// With 10 classes: 28-10 has 36,479,194 parameters and 5.25 G multiply–adds, 16-4 2,748,890, 40-2 2,243,546.
public struct WideResNet: Architecture {
  /// The number of layers with weights.
  public var depth: Int
  /// The factor on the channels 16, 32, 64.
  public var width: Int
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// A network of this depth and width.
  public init(depth: Int = 28, width: Int = 10) { (self.depth, self.width) = (depth, width) }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    if depth % 6 != 4 { x.graph.report("depth is \(depth), expected 6k + 4, as \(depth / 6 * 6 + 4)") }
    var h = x.conv(w["conv1"], channels: 16, kernel: 3, padding: 1, bias: false)
    for (stage, (channels, stride)) in [(16, 1), (32, 2), (64, 2)].enumerated() {
      for block in 0..<(depth - 4) / 6 {
        h = preActivationBlock(
          h, w["block\(stage + 1)"]["layer"][block], channels: channels * width,
          stride: block == 0 ? stride : 1)
      }
    }
    return h.batchNorm(w["bn1"]).relu().globalAveragePool().linear(w["fc"], classes)
  }

  private func preActivationBlock(_ x: Value, _ w: Weights, channels: Int, stride: Int) -> Value {
    let activated = x.batchNorm(w["bn1"]).relu()
    var h = activated.conv(w["conv1"], channels: channels, kernel: 3, stride: stride, padding: 1, bias: false)
    h = h.batchNorm(w["bn2"]).relu().conv(w["conv2"], channels: channels, kernel: 3, padding: 1, bias: false)
    if x.channels == channels { return h + x }
    return h + activated.conv(w["convShortcut"], channels: channels, kernel: 1, stride: stride, bias: false)
  }

  /// What a user may set.
  public static var parameters: [Parameter<WideResNet>] {
    [
      .int("depth", \.depth, in: 10...1000, "The number of layers, 6k + 4."),
      .int("width", \.width, in: 1...64, "The factor on the channels 16, 32, 64."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc")
    if let shape = checkpoint["block1.layer.0.conv1.weight"], shape.rank == 4 {
      width = max(shape[0] / 16, 1)
    }
    let blocks = (0..<100).prefix { checkpoint["block1.layer.\($0).conv1.weight"] != nil }.count
    if blocks > 0 { depth = blocks * 6 + 4 }
  }
}
