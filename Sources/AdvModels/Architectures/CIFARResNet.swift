import AdvGraph
import AdvSettings
import AdvTensor

/// Residual network for 32×32 images — He et al. 2016, arXiv:1512.03385, section 4.2.
///
/// A 3×3 convolution, then three stages of (depth − 2) / 6 blocks with 16, 32 and 64 channels, global average
/// pooling, one linear layer. With 10 classes and shortcut A: depth 20 has 269,722 parameters and 40.6 M
/// multiply–adds, 56 has 853,018, 110 has 1,727,962.
public struct CIFARResNet: Architecture {
  /// How a block's input reaches its output where the planes shrink and the channels double.
  public enum Shortcut: String, Hashable, Sendable {
    /// A: every second pixel, and zeros for the new channels, half of them on each side; no parameters.
    case zeroPadding
    /// B: a 1×1 convolution of stride 2 with batch norm.
    case projection
  }

  /// The number of layers with weights: 6k + 2.
  public var depth: Int
  /// The shortcut option of the paper.
  public var shortcut: Shortcut
  /// The channels of the first stage; the others have twice and four times as many.
  public var width = 16
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [3, 32, 32]

  /// The network of this depth; 20, 32, 44, 56 and 110 are the paper's.
  public init(depth: Int = 20, shortcut: Shortcut = .zeroPadding) {
    self.depth = depth
    self.shortcut = shortcut
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.conv(w["conv1"], channels: width, kernel: 3, padding: 1, bias: false).batchNorm(w["bn1"]).relu()
    for (stage, channels) in [width, 2 * width, 4 * width].enumerated() {
      for block in 0..<(depth - 2) / 6 {
        let stride = block == 0 && stage > 0 ? 2 : 1
        h = basicBlock(h, w["layer\(stage + 1)"][block], channels: channels, stride: stride)
      }
    }
    return h.globalAveragePool().linear(w["linear"], classes)
  }

  private func basicBlock(_ x: Value, _ w: Weights, channels: Int, stride: Int) -> Value {
    var h = x.conv(w["conv1"], channels: channels, kernel: 3, stride: stride, padding: 1, bias: false)
    h = h.batchNorm(w["bn1"]).relu()
    h = h.conv(w["conv2"], channels: channels, kernel: 3, padding: 1, bias: false).batchNorm(w["bn2"])
    return (h + shorten(x, w["shortcut"], channels: channels, stride: stride)).relu()
  }

  private func shorten(_ x: Value, _ w: Weights, channels: Int, stride: Int) -> Value {
    if stride == 1 && x.channels == channels { return x }
    switch shortcut {
    case .projection:
      return x.conv(w[0], channels: channels, kernel: 1, stride: stride, bias: false).batchNorm(w[1])
    case .zeroPadding:
      let sides = (channels - x.channels) / 2
      return x.slice(starts: [0, 0, 0], ends: x.shape.dimensions, strides: [1, stride, stride])
        .pad(before: [sides, 0, 0], after: [channels - x.channels - sides, 0, 0])
    }
  }

  /// What a user may set.
  public static var parameters: [Parameter<CIFARResNet>] {
    [.int("width", \.width, in: 1...1024, "The channels of the first stage.")]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "linear")
    if let shape = checkpoint["conv1.weight"], shape.rank == 4 { width = shape[0] }
    shortcut = checkpoint["layer2.0.shortcut.0.weight"] == nil ? .zeroPadding : .projection
  }
}
