import AdvGraph
import AdvSettings
import AdvTensor

/// SqueezeNet — Iandola et al. 2016, arXiv:1602.07360, under torchvision's names: AlexNet's accuracy with fifty
/// times fewer parameters, by fire modules of few 1×1 and many 1×1 and 3×3 filters.
///
/// At 224×224 with 1,000 classes: version 1.0 has 1,248,424 parameters and 0.82 G multiply–adds, 1.1 1,235,496
/// and 0.35 G.
public struct SqueezeNet: Architecture {
  /// The two published versions.
  public enum Version: String, Hashable, Sendable {
    /// The paper's.
    case paper
    /// 1.1: the same accuracy for 2.4 times less work, by earlier pooling.
    case early
  }

  /// Which of the two.
  public var version: Version
  /// The squeezed channels of the first fire module; all other layers are as many times theirs.
  public var width = 16
  /// The share of activations dropped in training, before the last convolution.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// One of the two published versions.
  public init(_ version: Version) { self.version = version }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let (first, kernel) = version == .paper ? (6 * width, 7) : (4 * width, 3)
    var h = x.conv(w["features"][0], channels: first, kernel: kernel, stride: 2).relu()
    // The modules' positions in torchvision's sequence; a pool stands before each group of them.
    let groups =
      version == .paper ? [[3, 4, 5], [7, 8, 9, 10], [12]] : [[3, 4], [6, 7], [9, 10, 11, 12]]
    let squeezes = [1, 1, 2, 2, 3, 3, 4, 4].map { $0 * width }
    var module = 0
    for group in groups {
      h = h.maxPool(3, stride: 2, roundsUp: true)
      for position in group {
        h = fire(h, w["features"][position], squeeze: squeezes[module])
        module += 1
      }
    }
    h = h.dropout(dropout).conv(w["classifier"][1], channels: classes, kernel: 1).relu()
    return h.globalAveragePool()
  }

  private func fire(_ x: Value, _ w: Weights, squeeze: Int) -> Value {
    let h = x.conv(w["squeeze"], channels: squeeze, kernel: 1).relu()
    let narrow = h.conv(w["expand1x1"], channels: squeeze * 4, kernel: 1).relu()
    return narrow.concat([h.conv(w["expand3x3"], channels: squeeze * 4, kernel: 3, padding: 1).relu()])
  }

  /// What a user may set.
  public static var parameters: [Parameter<SqueezeNet>] {
    [
      .int(
        "width", \.width, in: 1...1024, "The squeezed channels of the first module."
      ),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0", last: "classifier.1")
    if let shape = checkpoint["features.3.squeeze.weight"], shape.rank == 4 { width = shape[0] }
  }
}
