import AdvGraph
import AdvSettings
import AdvTensor

/// GoogLeNet — Szegedy et al. 2015, arXiv:1409.4842, table 1, as torchvision builds it: batch norm after every
/// convolution, and 3×3 filters in the branch that the paper gives 5×5.
///
/// Nine Inception modules, global average pooling, one linear layer. At 224×224 with 1,000 classes, without
/// the two auxiliary classifiers of training: 6,624,904 parameters, 1.50 G multiply–adds; factorised 6,854,280.
public struct GoogLeNet: Architecture {
  /// What an Inception module does before its large filters, or instead of them.
  public enum Module: String, CaseIterable, Hashable, Sendable {
    /// Reduces the channels by 1×1 convolutions.
    case reducing
    /// Nothing: the paper's figure 2a, for the comparison of work.
    case naive
    /// Reduces, and computes each n×n filter as 1×n and n×1 — Szegedy et al. 2016, arXiv:1512.00567, figure 6.
    case factorized
  }

  /// Channels of a module: 1×1; 3×3 behind its reduction; the third branch behind its; behind the pool.
  struct Widths {
    let one: Int
    let reduce3: Int
    let three: Int
    let reduce5: Int
    let five: Int
    let pool: Int
    init(_ one: Int, _ reduce3: Int, _ three: Int, _ reduce5: Int, _ five: Int, _ pool: Int) {
      (self.one, self.reduce3, self.three) = (one, reduce3, three)
      (self.reduce5, self.five, self.pool) = (reduce5, five, pool)
    }
  }

  /// The channels of the first convolution; all others keep the published proportions to it.
  public var width = 64
  /// The step of the first convolution: 2 in the paper.
  public var stride = 2
  /// What the modules do before their large filters.
  public var module = Module.reducing
  /// The kernel of the third branch: 3 in torchvision's weights, 5 in the paper.
  public var largeKernel = 3
  /// The share of activations dropped in training, before the last layer.
  public var dropout: Float = 0
  /// Whether training adds two classifiers behind modules 4a and 4d, each of whose losses counts 0.3.
  public var auxiliary = false
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// Torchvision's network, or one with other modules.
  public init(module: Module = .reducing) { self.module = module }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value { layers(x, w, hasAuxiliary: false)[0] }

  /// Records the same layers, and the auxiliary classifiers where they are asked for.
  public func buildForTraining(_ x: Value, _ w: Weights) -> [Value] { layers(x, w, hasAuxiliary: auxiliary) }

  private func layers(_ x: Value, _ w: Weights, hasAuxiliary: Bool) -> [Value] {
    var heads: [Value] = []
    var h = basic(x, w["conv1"], channels: width, kernel: 7, stride: stride)
    h = h.maxPool(3, stride: 2, roundsUp: true)
    h = basic(h, w["conv2"], channels: width, kernel: 1)
    h = basic(h, w["conv3"], channels: 3 * width, kernel: 3).maxPool(3, stride: 2, roundsUp: true)
    h = inception(h, w["inception3a"], widths(64, 96, 128, 16, 32, 32))
    h = inception(h, w["inception3b"], widths(128, 128, 192, 32, 96, 64)).maxPool(
      3, stride: 2, roundsUp: true)
    h = inception(h, w["inception4a"], widths(192, 96, 208, 16, 48, 64))
    if hasAuxiliary { heads.append(head(h, w["aux1"])) }
    h = inception(h, w["inception4b"], widths(160, 112, 224, 24, 64, 64))
    h = inception(h, w["inception4c"], widths(128, 128, 256, 24, 64, 64))
    h = inception(h, w["inception4d"], widths(112, 144, 288, 32, 64, 64))
    if hasAuxiliary { heads.append(head(h, w["aux2"])) }
    h = inception(h, w["inception4e"], widths(256, 160, 320, 32, 128, 128)).maxPool(2, roundsUp: true)
    h = inception(h, w["inception5a"], widths(256, 160, 320, 32, 128, 128))
    h = inception(h, w["inception5b"], widths(384, 192, 384, 48, 128, 128))
    return [h.globalAveragePool().dropout(dropout).linear(w["fc"], classes)] + heads
  }

  /// An auxiliary classifier: averaged to 4×4, a 1×1 convolution, two linear layers.
  private func head(_ x: Value, _ w: Weights) -> Value {
    let reduced = basic(x.averaged(to: 4), w["conv"], channels: scaled(128), kernel: 1)
    let hidden = reduced.flatten().linear(w["fc1"], scaled(1024)).relu()
    return hidden.dropout(dropout == 0 ? 0 : 0.7).linear(w["fc2"], classes)
  }

  /// Channels in the proportions of the published network, whose first convolution has 64.
  private func widths(_ one: Int, _ reduce3: Int, _ three: Int, _ reduce5: Int, _ five: Int, _ pool: Int)
    -> Widths
  {
    Widths(scaled(one), scaled(reduce3), scaled(three), scaled(reduce5), scaled(five), scaled(pool))
  }

  private func scaled(_ channels: Int) -> Int { max(1, channels * width / 64) }

  private func basic(
    _ x: Value, _ w: Weights, channels: Int, kernel: some PlaneExtent, stride: Int = 1
  ) -> Value {
    let padding = Size2D(kernel.size.height / 2, kernel.size.width / 2)
    return x.conv(
      w["conv"], channels: channels, kernel: kernel, stride: stride, padding: padding, bias: false
    )
    .batchNorm(w["bn"], epsilon: 1e-3).relu()
  }

  private func inception(_ x: Value, _ w: Weights, _ widths: Widths) -> Value {
    let pooled = x.maxPool(3, stride: 1, padding: 1, roundsUp: true)
    let one = basic(x, w["branch1"], channels: widths.one, kernel: 1)
    switch module {
    case .naive:
      let three = basic(x, w["branch2"], channels: widths.three, kernel: 3)
      return one.concat([three, basic(x, w["branch3"], channels: widths.five, kernel: largeKernel), pooled])
    case .factorized:
      let reduced = basic(x, w["branch2"][0], channels: widths.reduce3, kernel: 1)
      let reduced5 = basic(x, w["branch3"][0], channels: widths.reduce5, kernel: 1)
      return one.concat([
        factorized(reduced, w["branch2"], channels: widths.three, kernel: 3),
        factorized(reduced5, w["branch3"], channels: widths.five, kernel: 5),
        basic(pooled, w["branch4"][1], channels: widths.pool, kernel: 1),
      ])
    case .reducing:
      let reduced3 = basic(x, w["branch2"][0], channels: widths.reduce3, kernel: 1)
      let reduced5 = basic(x, w["branch3"][0], channels: widths.reduce5, kernel: 1)
      return one.concat([
        basic(reduced3, w["branch2"][1], channels: widths.three, kernel: 3),
        basic(reduced5, w["branch3"][1], channels: widths.five, kernel: largeKernel),
        basic(pooled, w["branch4"][1], channels: widths.pool, kernel: 1),
      ])
    }
  }

  private func factorized(_ x: Value, _ w: Weights, channels: Int, kernel: Int) -> Value {
    let row = basic(x, w[1], channels: channels, kernel: Size2D(1, kernel))
    return basic(row, w[2], channels: channels, kernel: Size2D(kernel, 1))
  }

  /// The kind of module, and the filters of its third branch.
  public static var parameters: [Parameter<GoogLeNet>] {
    [
      .int("width", \.width, in: 4...512, "The channels of the first convolution."),
      .int("stride", \.stride, in: 1...4, "The step of the first convolution; 1 fits 32×32 images."),
      .choice("module", \.module, "What an Inception module does before its large filters."),
      .int(
        "kernel", \.largeKernel, in: 1...11,
        "The filters of the third branch: 3 in torchvision, 5 in the paper."),
      .dropout(
        \.dropout, published: "0.4 in the paper, 0.2 in torchvision; with any, auxiliary classifiers drop 0.7"
      ),
      .bool("auxiliary", \.auxiliary, "Whether training adds the paper's two auxiliary classifiers."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1.conv", last: "fc")
    if let shape = checkpoint["conv1.conv.weight"], shape.rank == 4 { width = shape[0] }
    if let shape = checkpoint["inception3a.branch3.1.conv.weight"], shape.rank == 4, shape[2] == shape[3] {
      largeKernel = shape[2]
    }
  }

  /// The auxiliary classifiers play no part in the logits.
  public func ignores(_ weight: String) -> Bool { weight.hasPrefix("aux1.") || weight.hasPrefix("aux2.") }
}
