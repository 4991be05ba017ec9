import AdvGraph
import AdvSettings
import AdvTensor

/// Densely connected network — Huang et al. 2017, arXiv:1608.06993: every layer reads all layers before it in
/// its block; with bottlenecks and compression ("BC"), under torchvision's names.
///
/// At 224×224 with 1,000 classes: 121 has 7,978,856 parameters and 2.83 G multiply–adds, 161 28,681,000 and
/// 7.73 G, 169 14,149,480 and 3.36 G, 201 20,013,928 and 4.29 G. For 32×32 and 10 classes, BC with 100 layers and
/// growth 12: 769,162 and 0.29 G.
public struct DenseNet: Architecture {
  /// What stands before the first block.
  public enum Stem: String, Hashable, Sendable {
    /// 7×7 of stride 2, batch norm, ReLU, max-pool.
    case imageNet
    /// One 3×3 convolution.
    case cifar
  }

  /// The number of layers of each block.
  public var blocks: [Int]
  /// The channels that a layer adds.  k
  public var growth: Int
  /// The channels before the first block.
  public var initial: Int
  /// What stands before the first block.
  public var stem: Stem
  /// The share of what a layer adds that is dropped in training.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// A network for ImageNet.
  public init(_ blocks: [Int], growth: Int = 32, initial: Int = 64) {
    (self.blocks, self.growth, self.initial, stem) = (blocks, growth, initial, .imageNet)
  }

  /// DenseNet-BC for 32×32 images with `depth` = 6k + 4 layers.
  public init(cifarDepth depth: Int, growth: Int) {
    blocks = [Int](repeating: (depth - 4) / 6, count: 3)
    (self.growth, initial, stem, classes) = (growth, 2 * growth, .cifar, 10)
    inputShape = [3, 32, 32]
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let features = w["features"]
    var h: Value
    switch stem {
    case .imageNet:
      h = x.conv(features["conv0"], channels: initial, kernel: 7, stride: 2, padding: 3, bias: false)
      h = h.batchNorm(features["norm0"]).relu().maxPool(3, stride: 2, padding: 1)
    case .cifar:
      h = x.conv(features["conv0"], channels: initial, kernel: 3, padding: 1, bias: false)
    }
    for (block, count) in blocks.enumerated() {
      for layer in 0..<count {
        h = h.concat([grown(h, features["denseblock\(block + 1)"]["denselayer\(layer + 1)"])])
      }
      if block + 1 < blocks.count { h = transition(h, features["transition\(block + 1)"]) }
    }
    h = h.batchNorm(features["norm5"]).relu().globalAveragePool()
    return h.linear(w["classifier"], classes)
  }

  private func grown(_ x: Value, _ w: Weights) -> Value {
    x.batchNorm(w["norm1"]).relu().conv(w["conv1"], channels: 4 * growth, kernel: 1, bias: false)
      .batchNorm(w["norm2"]).relu().conv(w["conv2"], channels: growth, kernel: 3, padding: 1, bias: false)
      .dropout(dropout)
  }

  private func transition(_ x: Value, _ w: Weights) -> Value {
    x.batchNorm(w["norm"]).relu().conv(w["conv"], channels: x.channels / 2, kernel: 1, bias: false)
      .averagePool(2)
  }

  /// What a user may set.
  public static var parameters: [Parameter<DenseNet>] {
    [
      .int("layers", \.layersPerBlock, in: 1...64, "The layers of each block, where all have as many."),
      .int("growth", \.growth, in: 1...256, "The channels that a layer adds."),
      .int("initial", \.initial, in: 1...1024, "The channels before the first block."),
      .dropout(\.dropout, published: "0.2 in the paper where images are not augmented"),
    ]
  }

  // Blocks of different lengths read as their first; a set value makes all alike.
  private var layersPerBlock: Int {
    get { blocks.first ?? 0 }
    set { blocks = [Int](repeating: newValue, count: blocks.count) }
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.conv0", last: "classifier")
  }

  /// Torchvision's published files have `norm.1` where the modules are called `norm1`.
  public func canonicalName(of weight: String) -> String {
    var parts = weight.split(separator: ".").map(String.init)
    guard let index = parts.firstIndex(where: { $0.hasPrefix("denselayer") }), index + 2 < parts.count,
      ["norm", "conv"].contains(parts[index + 1]), ["1", "2"].contains(parts[index + 2])
    else { return weight }
    parts[index + 1] += parts.remove(at: index + 2)
    return parts.joined(separator: ".")
  }
}
