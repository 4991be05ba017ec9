import AdvGraph
import AdvSettings
import AdvTensor

/// VGG — Simonyan & Zisserman 2015, arXiv:1409.1556, table 1, under torchvision's names.
///
/// Stacks of 3×3 convolutions, a max-pool after each, then three fully connected layers. At 224×224 with 1,000
/// classes: 11 has 132,863,336 parameters and 7.61 G multiply–adds, 13 133,047,848 and 11.31 G, 16 138,357,544
/// and 15.47 G, 19 143,667,240 and 19.63 G. Planes that are smaller than 7×7 before the first fully connected
/// layer, as from 32×32 images, are flattened as they are.
public struct VGG: Architecture {
  /// The columns of the paper's table.
  public enum Configuration: String, CaseIterable, Hashable, Sendable {
    /// 11 layers.
    case a
    /// 11 layers, the first normalised by local response.
    case aLRN
    /// 13 layers.
    case b
    /// 16 layers, the last convolution of stages 3 to 5 with kernel 1.
    case c
    /// 16 layers.
    case d
    /// 19 layers.
    case e

    /// The number of convolutions of each of the five stages.
    var counts: [Int] {
      switch self {
      case .a, .aLRN: [1, 1, 2, 2, 2]
      case .b: [2, 2, 2, 2, 2]
      case .c, .d: [2, 2, 3, 3, 3]
      case .e: [2, 2, 4, 4, 4]
      }
    }
  }

  /// The column of the paper's table.
  public var configuration: Configuration
  /// Whether batch norm follows every convolution.
  public var normalizes: Bool
  /// The channels of the first stage, doubled from stage to stage up to eight times as many.
  public var width = 64
  /// The width of the two hidden fully connected layers.
  public var hidden = 4096
  /// The share of activations dropped in training, behind each hidden fully connected layer.
  public var dropout: Float = 0
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// The network of a column of the paper's table.
  public init(_ configuration: Configuration, normalizes: Bool = false) {
    (self.configuration, self.normalizes) = (configuration, normalizes)
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x
    var index = 0  // of torchvision's sequence, where ReLU and pooling count too
    for (stage, count) in configuration.counts.enumerated() {
      for layer in 0..<count {
        let kernel = configuration == .c && stage >= 2 && layer == 2 ? 1 : 3
        h = h.conv(
          w["features"][index], channels: width << min(stage, 3), kernel: kernel, padding: kernel / 2)
        if normalizes { h = h.batchNorm(w["features"][index + 1]) }
        h = h.relu()
        index += normalizes ? 3 : 2
      }
      if configuration == .aLRN && stage == 0 {
        h = h.localResponseNorm()
        index += 1
      }
      h = h.maxPool(2)
      index += 1
    }
    h = h.averagedToAtMost(7).flatten()
    h = h.linear(w["classifier"][0], hidden).relu().dropout(dropout)
    h = h.linear(w["classifier"][3], hidden).relu().dropout(dropout)
    return h.linear(w["classifier"][6], classes)
  }

  /// What a user may set.
  public static var parameters: [Parameter<VGG>] {
    [
      .int("width", \.width, in: 1...1024, "The channels of the first stage."),
      .int("hidden", \.hidden, in: 1...65_536, "The width of the hidden fully connected layers."),
      .dropout(\.dropout, published: "0.5 in the paper"),
    ]
  }

  /// Timm's names.
  public func canonicalName(of weight: String) -> String { TimmNames.vgg(weight) }

  /// Timm keeps the hidden fully connected layers as convolutions.
  public func canonicalShape(of weight: String, _ shape: Shape) -> Shape {
    guard weight.hasPrefix("classifier."), shape.rank == 4 else { return shape }
    return [shape[0], shape.droppingFirst().elementCount]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0", last: "classifier.6")
    if let shape = checkpoint["features.0.weight"], shape.rank == 4 { width = shape[0] }
    guard let shape = checkpoint["classifier.0.weight"], shape.rank == 2 else { return }
    hidden = shape[0]
    let side = Int(Double(shape[1] / max(8 * width, 1)).squareRoot())
    // Larger images are averaged to 7×7; a smaller count of features tells the image's size.
    if side > 0 && side < 7 { inputShape = [inputShape[0], side * 32, side * 32] }
  }
}
