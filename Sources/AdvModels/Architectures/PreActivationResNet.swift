import AdvGraph
import AdvSettings
import AdvTensor

/// Pre-activation residual network for 32×32 images — He et al. 2016, arXiv:1603.05027, figure 4e: batch norm and
/// ReLU come before the convolutions, so that the shortcut is a clean sum from the first block to the last.
///
/// Depth 6k + 2 with basic blocks, 9k + 2 with bottlenecks. With 10 classes: 20 has 272,282 parameters, 164
/// (bottlenecks) 1,703,258.
public struct PreActivationResNet: Architecture {
  /// The number of layers with weights.
  public var depth: Int
  /// The kind of residual block.
  public var block: ImageNetResNet.Block
  /// The planes of the first stage; the others have twice and four times as many.
  public var width = 16
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// A network of this depth.
  public init(depth: Int = 20, _ block: ImageNetResNet.Block = .basic) {
    (self.depth, self.block) = (depth, block)
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let unit = block == .basic ? 6 : 9
    if depth % unit != 2 {
      x.graph.report("depth is \(depth), expected \(unit)k + 2, as \(depth / unit * unit + 2)")
    }
    var h = x.conv(w["conv1"], channels: width, kernel: 3, padding: 1, bias: false)
    let count = (depth - 2) / (block == .basic ? 6 : 9)
    for (stage, planes) in [width, 2 * width, 4 * width].enumerated() {
      for index in 0..<count {
        let stride = index == 0 && stage > 0 ? 2 : 1
        h = residual(h, w["layer\(stage + 1)"][index], planes: planes, stride: stride)
      }
    }
    return h.batchNorm(w["bn"]).relu().globalAveragePool().linear(w["linear"], classes)
  }

  private func residual(_ x: Value, _ w: Weights, planes: Int, stride: Int) -> Value {
    let channels = block == .basic ? planes : planes * 4
    let activated = x.batchNorm(w["bn1"]).relu()
    var shortcut = x
    if stride != 1 || x.channels != channels {
      // The projection reads what the first convolution reads.
      shortcut = activated.conv(w["shortcut"][0], channels: channels, kernel: 1, stride: stride, bias: false)
    }
    var h: Value
    switch block {
    case .basic:
      h = activated.conv(w["conv1"], channels: planes, kernel: 3, stride: stride, padding: 1, bias: false)
      h = h.batchNorm(w["bn2"]).relu()
      h = h.conv(w["conv2"], channels: planes, kernel: 3, padding: 1, bias: false)
    case .bottleneck:
      h = activated.conv(w["conv1"], channels: planes, kernel: 1, bias: false).batchNorm(w["bn2"]).relu()
      h = h.conv(w["conv2"], channels: planes, kernel: 3, stride: stride, padding: 1, bias: false)
      h = h.batchNorm(w["bn3"]).relu().conv(w["conv3"], channels: channels, kernel: 1, bias: false)
    }
    return h + shortcut
  }

  /// What a user may set.
  public static var parameters: [Parameter<PreActivationResNet>] {
    [
      .int("depth", \.depth, in: 8...2000, "The number of layers, 6k + 2 or 9k + 2."),
      .int("width", \.width, in: 1...1024, "The planes of the first stage."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "linear")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
  }
}
