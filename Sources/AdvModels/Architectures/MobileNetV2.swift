import AdvGraph
import AdvSettings
import AdvTensor

/// MobileNetV2 — Sandler et al. 2018, arXiv:1801.04381, table 2, under torchvision's names: inverted residuals,
/// wide inside and narrow where they are summed, with depthwise convolutions.
///
/// At 224×224 with 1,000 classes: 3,504,872 parameters, 0.30 G multiply–adds.
public struct MobileNetV2: Architecture {
  /// What the published channels are multiplied by, rounded to multiples of 8; the last layer's never shrink.
  public var width: Float = 1
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// The network for ImageNet.
  public init() {}

  private func scaled(_ channels: Int) -> Int { Double(Float(channels) * width).multipleOfEight }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let features = w["features"]
    var h = normalised(x, features[0][0], features[0][1], channels: scaled(32), kernel: 3, stride: 2)
    var position = 1
    // The paper's table 2: expansion t, channels c, repetitions n, stride s.
    for (t, c, n, s) in [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1),
    ] {
      for index in 0..<n {
        let stride = index == 0 ? s : 1
        h = invertedResidual(h, features[position]["conv"], expansion: t, channels: scaled(c), stride: stride)
        position += 1
      }
    }
    h = normalised(
      h, features[position][0], features[position][1], channels: max(1280, scaled(1280)), kernel: 1)
    return h.globalAveragePool().linear(w["classifier"][1], classes)
  }

  private func normalised(
    _ x: Value, _ conv: Weights, _ norm: Weights, channels: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) -> Value {
    x.conv(
      conv, channels: channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups,
      bias: false
    ).batchNorm(norm).relu6()
  }

  private func invertedResidual(
    _ x: Value, _ w: Weights, expansion: Int, channels: Int, stride: Int
  ) -> Value {
    var h = x
    var index = 0
    if expansion != 1 {
      h = normalised(h, w[0][0], w[0][1], channels: x.channels * expansion, kernel: 1)
      index = 1
    }
    let width = h.channels
    h = normalised(h, w[index][0], w[index][1], channels: width, kernel: 3, stride: stride, groups: width)
    h = h.conv(w[index + 1], channels: channels, kernel: 1, bias: false).batchNorm(w[index + 2])
    return stride == 1 && x.channels == channels ? h + x : h
  }

  /// What a user may set.
  public static var parameters: [Parameter<MobileNetV2>] {
    [.float("width", \.width, in: 0.1...8, "What the published channels are multiplied by.")]
  }

  /// Timm's names.
  public func canonicalName(of weight: String) -> String { TimmNames.mobileNetV2(weight) }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0.0", last: "classifier.1")
  }
}
