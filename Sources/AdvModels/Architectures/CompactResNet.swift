import AdvGraph
import AdvSettings
import AdvTensor

/// The small residual networks of the verification competitions, without batch norm — Bak, Liu & Johnson 2021,
/// arXiv:2109.00498 (VNN-COMP 2021, `cifar10_resnet`).
///
/// A 3×3 convolution of stride 2 with `width` channels, stages of two basic blocks with twice as many, the first
/// of stride 2, then two linear layers. On 3×32×32: 2B has 112,006 parameters, 4B 123,734.
public struct CompactResNet: Architecture {
  /// The number of stages of two blocks.
  public var stages: Int
  /// The channels of the first convolution.
  public var width: Int
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// A network of this many stages: (1, 8) is "2B", (2, 16) is "4B".
  public init(stages: Int, width: Int) { (self.stages, self.width) = (stages, width) }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.conv(w["conv1"], channels: width, kernel: 3, stride: 2, padding: 1).relu()
    for stage in 1...max(stages, 1) {
      for index in 0..<2 { h = block(h, w["layer\(stage)"][index], stride: index == 0 ? 2 : 1) }
    }
    return h.flatten().linear(w["linear1"], 100).relu().linear(w["linear2"], classes)
  }

  private func block(_ x: Value, _ w: Weights, stride: Int) -> Value {
    let h = x.conv(w["conv1"], channels: 2 * width, kernel: 3, stride: stride, padding: 1).relu()
      .conv(w["conv2"], channels: 2 * width, kernel: 3, padding: 1)
    if stride == 1 { return (h + x).relu() }
    return (h + x.conv(w["shortcut"][0], channels: 2 * width, kernel: 1, stride: stride)).relu()
  }

  /// What a user may set.
  public static var parameters: [Parameter<CompactResNet>] {
    [
      .int("stages", \.stages, in: 1...2, "The number of stages of two blocks."),
      .int("width", \.width, in: 1...1024, "The channels of the first convolution."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "linear2")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
    if checkpoint["layer1.0.conv1.weight"] != nil {
      stages = checkpoint["layer2.0.conv1.weight"] == nil ? 1 : 2
    }
  }
}
