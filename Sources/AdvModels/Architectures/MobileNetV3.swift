import AdvGraph
import AdvSettings
import AdvTensor

/// MobileNetV3 — Howard et al. 2019, arXiv:1905.02244, tables 1 and 2, under torchvision's names: inverted
/// residuals with squeeze-and-excitation in some, ReLU in the first and hard swish in the later layers.
///
/// At 224×224 with 1,000 classes: large has 5,483,032 parameters and 0.217 G multiply–adds, small 2,542,856 and
/// 0.057 G.
public struct MobileNetV3: Architecture {
  /// The two published networks.
  public enum Size: String, Hashable, Sendable {
    /// Table 1.
    case large
    /// Table 2.
    case small
  }

  /// One row of the paper's tables.
  struct Row {
    let kernel: Int
    let expanded: Int
    let channels: Int
    let excites: Bool
    let swishes: Bool
    let stride: Int
    init(_ kernel: Int, _ expanded: Int, _ channels: Int, _ excites: Bool, _ swishes: Bool, _ stride: Int) {
      (self.kernel, self.expanded, self.channels) = (kernel, expanded, channels)
      (self.excites, self.swishes, self.stride) = (excites, swishes, stride)
    }
  }

  /// Which of the two.
  public var size: Size
  /// What the published channels are multiplied by; the sums are multiples of 8.
  public var width: Float = 1
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// One of the two published networks.
  public init(_ size: Size) { self.size = size }

  private var rows: [Row] {
    switch size {
    case .large:
      [
        Row(3, 16, 16, false, false, 1), Row(3, 64, 24, false, false, 2), Row(3, 72, 24, false, false, 1),
        Row(5, 72, 40, true, false, 2), Row(5, 120, 40, true, false, 1), Row(5, 120, 40, true, false, 1),
        Row(3, 240, 80, false, true, 2), Row(3, 200, 80, false, true, 1), Row(3, 184, 80, false, true, 1),
        Row(3, 184, 80, false, true, 1), Row(3, 480, 112, true, true, 1), Row(3, 672, 112, true, true, 1),
        Row(5, 672, 160, true, true, 2), Row(5, 960, 160, true, true, 1), Row(5, 960, 160, true, true, 1),
      ]
    case .small:
      [
        Row(3, 16, 16, true, false, 2), Row(3, 72, 24, false, false, 2), Row(3, 88, 24, false, false, 1),
        Row(5, 96, 40, true, true, 2), Row(5, 240, 40, true, true, 1), Row(5, 240, 40, true, true, 1),
        Row(5, 120, 48, true, true, 1), Row(5, 144, 48, true, true, 1), Row(5, 288, 96, true, true, 2),
        Row(5, 576, 96, true, true, 1), Row(5, 576, 96, true, true, 1),
      ]
    }
  }

  private func scaled(_ channels: Int) -> Int { Double(Float(channels) * width).multipleOfEight }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let features = w["features"]
    var h = normalised(x, features[0], channels: scaled(16), kernel: 3, stride: 2).hardSwish()
    for (index, row) in rows.enumerated() { h = block(h, features[index + 1]["block"], row) }
    h = normalised(h, features[rows.count + 1], channels: 6 * h.channels, kernel: 1).hardSwish()
    h = h.globalAveragePool().linear(w["classifier"][0], scaled(size == .large ? 1280 : 1024)).hardSwish()
    return h.linear(w["classifier"][3], classes)
  }

  private func block(_ x: Value, _ w: Weights, _ row: Row) -> Value {
    let (expanded, channels) = (scaled(row.expanded), scaled(row.channels))
    let activation = { (h: Value) in row.swishes ? h.hardSwish() : h.relu() }
    var h = x
    var index = 0
    if expanded != x.channels {
      h = activation(normalised(h, w[0], channels: expanded, kernel: 1))
      index = 1
    }
    h = activation(
      normalised(
        h, w[index], channels: expanded, kernel: row.kernel, stride: row.stride, groups: expanded))
    if row.excites {
      let width = (Double(expanded) / 4).multipleOfEight
      h = h.squeezedAndExcited(w[index + 1], width: width) {
        $0.relu()
      } gate: {
        $0.hardSigmoid()
      }
      index += 1
    }
    h = normalised(h, w[index + 1], channels: channels, kernel: 1)
    return row.stride == 1 && x.channels == channels ? h + x : h
  }

  private func normalised(
    _ x: Value, _ w: Weights, channels: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) -> Value {
    x.conv(
      w[0], channels: channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups,
      bias: false
    ).batchNorm(w[1], epsilon: 1e-3)
  }

  /// What a user may set.
  public static var parameters: [Parameter<MobileNetV3>] {
    [.float("width", \.width, in: 0.1...8, "What the published channels are multiplied by.")]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0.0", last: "classifier.3")
  }
}
