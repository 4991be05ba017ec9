import AdvGraph
import AdvSettings
import AdvTensor

/// ConvNeXt — Liu et al. 2022, arXiv:2201.03545, under torchvision's names: a residual network with the choices of
/// a transformer, that is patches, 7×7 depthwise convolutions, layer norm and GELU.
///
/// At 224×224 with 1,000 classes: tiny has 28,589,128 parameters and 4.456 G multiply–adds, small 50,223,688 and
/// 8.684 G, base 88,591,464 and 15.355 G, large 197,767,336 and 34.361 G.
public struct ConvNeXt: Architecture {
  /// The number of blocks of each stage.
  public var blocks: [Int]
  /// The channels of the first stage; each stage has twice those of the one before.
  public var width: Int
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape = [3, 224, 224]

  /// A network of these stages, by default tiny.
  public init(_ blocks: [Int] = [3, 3, 9, 3], width: Int = 96) {
    (self.blocks, self.width) = (blocks, width)
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let features = w["features"]
    var h = x.conv(features[0][0], channels: width, kernel: 4, stride: 4).layerNorm(features[0][1])
    for (stage, count) in blocks.enumerated() {
      if stage > 0 {
        let step = features[2 * stage]
        h = h.layerNorm(step[0]).conv(step[1], channels: width << stage, kernel: 2, stride: 2)
      }
      for index in 0..<count { h = block(h, features[2 * stage + 1][index]) }
    }
    h = h.globalAveragePool().layerNorm(w["classifier"][0])
    return h.linear(w["classifier"][2], classes)
  }

  private func block(_ x: Value, _ w: Weights) -> Value {
    let (block, channels) = (w["block"], x.channels)
    var h = x.conv(block[0], channels: channels, kernel: 7, padding: 3, groups: channels)
    h = h.layerNorm(block[2]).pixelwiseLinear(block[3], 4 * channels).gelu()
    h = h.pixelwiseLinear(block[5], channels)
    let scale = w.parameter("layer_scale", [channels, 1, 1], .scale).reshape([channels])
    let shift = x.graph.constant(Tensor([channels], filledWith: 0), path: w.path)
    return h.apply(ScaleShift(), scale, shift, path: w.path) + x
  }

  /// What a user may set.
  public static var parameters: [Parameter<ConvNeXt>] {
    [
      .int("width", \.width, in: 1...2048, "The channels of the first stage.")
    ]
  }

  /// Timm's names.
  public func canonicalName(of weight: String) -> String { TimmNames.convNeXt(weight) }

  /// Timm keeps the layer scale as a vector.
  public func canonicalShape(of weight: String, _ shape: Shape) -> Shape {
    weight.hasSuffix(".layer_scale") && shape.rank == 1 ? [shape[0], 1, 1] : shape
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "features.0.0", last: "classifier.2")
    if let shape = checkpoint["features.0.0.weight"], shape.rank == 4 { width = shape[0] }
    blocks = blocks.indices.map { stage in
      let scale = { (index: Int) in checkpoint["features.\(2 * stage + 1).\(index).layer_scale"] }
      return (0...).first { scale($0) == nil } ?? 0
    }
  }
}
