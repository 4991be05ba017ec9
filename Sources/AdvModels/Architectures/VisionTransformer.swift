import AdvGraph
import AdvSettings
import AdvTensor
import Foundation

/// Vision transformer — Dosovitskiy et al. 2021, arXiv:2010.11929, under torchvision's names: the image as a row of
/// patches, which self-attention mixes and two linear layers transform, twelve times over.
///
/// Tokens lie as the pixels of a map `[features, 1, tokens]`, so that linear layers are 1×1 convolutions and layer
/// norm goes over the channels. At 224×224 with 1,000 classes: b_16 has 86,567,656 parameters and 17.56 G
/// multiply–adds, b_32 88,224,232 and 4.41 G, l_16 304,326,632 and 61.55 G, l_32 306,535,400 and 15.38 G.
public struct VisionTransformer: Architecture {
  /// The side of a patch in pixels.
  public var patch: Int
  /// The features of a token.
  public var width: Int
  /// The number of blocks.
  public var depth: Int
  /// The number of attention heads; each sees `width / heads` features.
  public var heads: Int
  /// The features between the two linear layers of a block.
  public var hidden: Int
  /// The number of logits.
  public var classes = 1000
  /// The shape of one image.
  public var inputShape: Shape

  /// A network of these extents, by default ViT-Base.
  public init(
    patch: Int = 16, width: Int = 768, depth: Int = 12, heads: Int = 12, hidden: Int = 3072, side: Int = 224
  ) {
    (self.patch, self.width, self.depth) = (patch, width, depth)
    (self.heads, self.hidden, inputShape) = (heads, hidden, [3, side, side])
  }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let patches = x.conv(w["conv_proj"], channels: width, kernel: patch, stride: patch)
    let count = patches.shape.elementCount / max(width, 1)
    let tokens = patches.reshape([width, 1, count]).pad(before: [0, 0, 1], after: [0, 0, 0])
    var h = tokens + positions(w, count: count)
    for index in 0..<depth { h = block(h, w["encoder"]["layers"]["encoder_layer_\(index)"]) }
    h = h.layerNorm(w["encoder"]["ln"])
    // The class token stands first.
    return h.slice(starts: [0, 0, 0], ends: [width, 1, 1]).flatten().linear(w["heads"]["head"], classes)
  }

  /// What is added to the tokens: the position embedding, and in the first place the class token.
  private func positions(_ w: Weights, count: Int) -> Value {
    let token = w.parameter("class_token", [1, 1, width], .bias).reshape([width, 1, 1])
    let embedding = w["encoder"].parameter("pos_embedding", [1, count + 1, width], .bias)
    let columns = embedding.reshape([count + 1, width]).apply(Transpose(axes: [1, 0]))
    return columns.reshape([width, 1, count + 1]) + token.pad(before: [0, 0, 0], after: [0, 0, count])
  }

  private func block(_ x: Value, _ w: Weights) -> Value {
    let h = x + attention(x.layerNorm(w["ln_1"]), w["self_attention"])
    let mixed = h.layerNorm(w["ln_2"]).pixelwiseLinear(w["mlp"][0], hidden).gelu()
    return h + mixed.pixelwiseLinear(w["mlp"][3], width)
  }

  // Each head: softmax(Qᵀ K / √d) over the keys, then its mean of the values.
  private func attention(_ x: Value, _ w: Weights) -> Value {
    let (tokens, size) = (x.shape[2], width / max(heads, 1))
    let all = x.pixelwiseLinear(
      w.parameter("in_proj_weight", [3 * width, width], .linearWeight),
      w.parameter("in_proj_bias", [3 * width], .bias), path: w.path)
    let parts = (0..<3).map { part in
      all.slice(starts: [part * width, 0, 0], ends: [(part + 1) * width, 1, tokens])
        .reshape([heads, size, tokens])
    }
    let scores = parts[0].apply(
      MatrixProduct(transposesLeft: true, factor: 1 / Double(max(size, 1)).squareRoot()), parts[1])
    let shares = scores.apply(Softmax(axis: 2))
    let means = parts[2].apply(MatrixProduct(transposesRight: true), shares)
    return means.reshape([width, 1, tokens]).pixelwiseLinear(w["out_proj"], width)
  }

  /// What a user may set.
  public static var parameters: [Parameter<VisionTransformer>] {
    [
      .int("patch", \.patch, in: 1...256, "The side of a patch in pixels."),
      .int("width", \.width, in: 1...8192, "The features of a token."),
      .int("depth", \.depth, in: 1...256, "The number of blocks."),
      .int("heads", \.heads, in: 1...256, "The number of attention heads."),
      .int("hidden", \.hidden, in: 1...65_536, "The features between the linear layers of a block."),
    ]
  }

  /// Takes over what the shapes of a checkpoint tell; heads of 64 features, as in all published networks.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv_proj", last: "heads.head")
    if let shape = checkpoint["conv_proj.weight"], shape.rank == 4 {
      (width, patch) = (shape[0], shape[2])
      if width % 64 == 0 { heads = width / 64 }
    }
    let layer = { (index: Int) in checkpoint["encoder.layers.encoder_layer_\(index).mlp.0.weight"] }
    if let shape = layer(0), shape.rank == 2 {
      hidden = shape[0]
      depth = (0...).first { layer($0) == nil } ?? depth
    }
    if let shape = checkpoint["encoder.pos_embedding"], shape.rank == 3 {
      let side = Int(Double(max(shape[1] - 1, 0)).squareRoot().rounded()) * patch
      if side > 0 { inputShape = [inputShape[0], side, side] }
    }
  }

  /// Checkpoints written before torchvision 0.13 call the linear layers of a block otherwise, timm's most layers.
  public func canonicalName(of weight: String) -> String {
    for (old, new) in [(".mlp.linear_1.", ".mlp.0."), (".mlp.linear_2.", ".mlp.3.")] {
      if let range = weight.range(of: old) { return weight.replacingCharacters(in: range, with: new) }
    }
    return TimmNames.visionTransformer(weight)
  }
}
