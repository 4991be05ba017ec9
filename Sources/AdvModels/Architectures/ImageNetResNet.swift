import AdvGraph
import AdvSettings
import AdvTensor

/// Residual network for ImageNet — He et al. 2016, arXiv:1512.03385, table 1, under torchvision's names; with
/// `groups` ResNeXt — Xie et al. 2017, arXiv:1611.05431; with `widthPerGroup` 128 Wide ResNet — Zagoruyko &
/// Komodakis 2016, arXiv:1605.07146.
///
/// A bottleneck's stride sits on its 3×3 convolution ("v1.5"). Parameters and multiply–adds at 224×224 with
/// 1,000 classes: 18 has 11,689,512 and 1.81 G, 34 21,797,672 and 3.66 G, 50 25,557,032 and 4.09 G,
/// 101 44,549,160 and 7.80 G, 152 60,192,808 and 11.51 G.
public struct ImageNetResNet: Architecture {
  /// The two kinds of residual block.
  public enum Block: String, Hashable, Sendable {
    /// Two 3×3 convolutions.
    case basic
    /// 1×1 down, 3×3, 1×1 up to four times the channels.
    case bottleneck
  }

  /// The kind of residual block.
  public var block: Block
  /// The number of blocks of each of the four stages.
  public var blocks: [Int]
  /// The number of groups of the 3×3 convolutions of bottlenecks.
  public var groups: Int
  /// The channels of one group where the stage has 64 planes.
  public var widthPerGroup: Int
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// A network of these blocks; ResNet-50 is `(.bottleneck, [3, 4, 6, 3])`.
  public init(_ block: Block, _ blocks: [Int], groups: Int = 1, widthPerGroup: Int = 64) {
    (self.block, self.blocks, self.groups, self.widthPerGroup) = (block, blocks, groups, widthPerGroup)
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.conv(w["conv1"], channels: 64, kernel: 7, stride: 2, padding: 3, bias: false)
    h = h.batchNorm(w["bn1"]).relu().maxPool(3, stride: 2, padding: 1)
    for (stage, count) in blocks.enumerated() {
      for index in 0..<count {
        let stride = index == 0 && stage > 0 ? 2 : 1
        h = residual(h, w["layer\(stage + 1)"][index], planes: 64 << stage, stride: stride)
      }
    }
    return h.globalAveragePool().linear(w["fc"], classes)
  }

  private func residual(_ x: Value, _ w: Weights, planes: Int, stride: Int) -> Value {
    let h = block == .basic ? basic(x, w, planes, stride) : bottleneck(x, w, planes, stride)
    if stride == 1 && x.channels == h.channels { return (h + x).relu() }
    let projection = w["downsample"]
    let shortcut = x.conv(projection[0], channels: h.channels, kernel: 1, stride: stride, bias: false)
    return (h + shortcut.batchNorm(projection[1])).relu()
  }

  private func basic(_ x: Value, _ w: Weights, _ planes: Int, _ stride: Int) -> Value {
    x.conv(w["conv1"], channels: planes, kernel: 3, stride: stride, padding: 1, bias: false)
      .batchNorm(w["bn1"]).relu()
      .conv(w["conv2"], channels: planes, kernel: 3, padding: 1, bias: false)
      .batchNorm(w["bn2"])
  }

  private func bottleneck(_ x: Value, _ w: Weights, _ planes: Int, _ stride: Int) -> Value {
    let width = planes * widthPerGroup / 64 * groups
    return x.conv(w["conv1"], channels: width, kernel: 1, bias: false)
      .batchNorm(w["bn1"]).relu()
      .conv(w["conv2"], channels: width, kernel: 3, stride: stride, padding: 1, groups: groups, bias: false)
      .batchNorm(w["bn2"]).relu()
      .conv(w["conv3"], channels: planes * 4, kernel: 1, bias: false)
      .batchNorm(w["bn3"])
  }

  /// What a user may set.
  public static var parameters: [Parameter<ImageNetResNet>] {
    [
      .int("groups", \.groups, in: 1...256, "The groups of the 3×3 convolutions of bottlenecks."),
      .int(
        "width", \.widthPerGroup, in: 1...1024, "The channels of one group where the stage has 64 planes."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc")
  }
}
