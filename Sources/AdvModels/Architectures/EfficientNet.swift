import AdvGraph
import AdvSettings
import AdvTensor

/// EfficientNet — Tan & Le 2019, arXiv:1905.11946, table 1, under torchvision's names: inverted residuals with
/// squeeze-and-excitation and SiLU, scaled in depth, width and resolution together.
///
/// With 1,000 classes at the published sizes: b0 (224) has 5,288,548 parameters and 0.386 G multiply–adds, b1 (240)
/// 7,794,184 and 0.687 G, b2 (288) 9,109,994 and 1.088 G, b3 (300) 12,233,232 and 1.827 G, b4 (380) 19,341,616 and
/// 4.394 G, b5 (456) 30,389,784 and 10.266 G, b6 (528) 43,040,704 and 19.068 G, b7 (600) 66,347,960 and 37.746 G.
public struct EfficientNet: Architecture {
  /// What the channels of b0 are multiplied by.
  public var width: Float
  /// What the repetitions of b0 are multiplied by.
  public var depth: Float
  /// What is added to the variances.
  public var epsilon: Double
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape

  /// A network of these scales for images of this side; torchvision's b5 to b7 add 1e-3 to the variances.
  public init(width: Float = 1, depth: Float = 1, side: Int = 224, epsilon: Double = 1e-5) {
    (self.width, self.depth, self.epsilon) = (width, depth, epsilon)
    inputShape = [3, side, side]
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let features = w["features"]
    var h = normalised(x, features[0], channels: scaled(32), kernel: 3, stride: 2).silu()
    // The paper's table 1: expansion, channels, layers, stride, kernel.
    let stages = [
      (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
      (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    ]
    for (stage, (expansion, channels, layers, stride, kernel)) in stages.enumerated() {
      for layer in 0..<Int((Float(layers) * depth).rounded(.up)) {
        h = block(
          h, features[stage + 1][layer]["block"], expansion: expansion, channels: scaled(channels),
          kernel: kernel, stride: layer == 0 ? stride : 1)
      }
    }
    h = normalised(h, features[8], channels: 4 * scaled(320), kernel: 1).silu()
    return h.globalAveragePool().linear(w["classifier"][1], classes)
  }

  private func block(
    _ x: Value, _ w: Weights, expansion: Int, channels: Int, kernel: Int, stride: Int
  ) -> Value {
    var h = x
    var index = 0
    if expansion != 1 {
      h = normalised(h, w[0], channels: x.channels * expansion, kernel: 1).silu()
      index = 1
    }
    h = normalised(
      h, w[index], channels: h.channels, kernel: kernel, stride: stride, groups: h.channels
    ).silu()
    h = h.squeezedAndExcited(w[index + 1], width: max(1, x.channels / 4)) {
      $0.silu()
    } gate: {
      $0.sigmoid()
    }
    h = normalised(h, w[index + 2], channels: channels, kernel: 1)
    return stride == 1 && x.channels == channels ? h + x : h
  }

  private func normalised(
    _ x: Value, _ w: Weights, channels: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) -> Value {
    x.conv(
      w[0], channels: channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups,
      bias: false
    ).batchNorm(w[1], epsilon: epsilon)
  }

  private func scaled(_ channels: Int) -> Int { Double(Float(channels) * width).multipleOfEight }

  /// What a user may set.
  public static var parameters: [Parameter<EfficientNet>] {
    [
      .float("width", \.width, in: 0.1...8, "What the channels of b0 are multiplied by."),
      .float("depth", \.depth, in: 0.1...8, "What the repetitions of b0 are multiplied by."),
    ]
  }

  /// Timm's names.
  public func canonicalName(of weight: String) -> String { TimmNames.efficientNet(weight) }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0.0", last: "classifier.1")
  }
}
