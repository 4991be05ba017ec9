import AdvTensor

/// Torchvision's names of the tensors of timm's checkpoints, where the two libraries name one network differently.
///
/// Names that follow no pattern below are returned as they are, so that they are reported as given. Residual and
/// densely connected networks bear the same names in both.
enum TimmNames {
  /// Vision transformer: `blocks.3.attn.qkv.weight` is `encoder.layers.encoder_layer_3.self_attention.in_proj_weight`.
  static func visionTransformer(_ name: String) -> String {
    let whole = [
      "cls_token": "class_token", "pos_embed": "encoder.pos_embedding",
    ]
    if let other = whole[name] { return other }
    for (old, new) in [
      ("patch_embed.proj.", "conv_proj."), ("norm.", "encoder.ln."), ("head.", "heads.head."),
    ] {
      if name.hasPrefix(old) { return new + name.dropFirst(old.count) }
    }
    guard let (block, rest) = numbered(name, "blocks") else { return name }
    let parts = [
      "norm1.": "ln_1.", "norm2.": "ln_2.", "attn.qkv.": "self_attention.in_proj_",
      "attn.proj.": "self_attention.out_proj.", "mlp.fc1.": "mlp.0.", "mlp.fc2.": "mlp.3.",
    ]
    guard let new = replacing(rest, parts) else { return name }
    return "encoder.layers.encoder_layer_\(block).\(new)"
  }

  /// ConvNeXt: `stages.1.blocks.0.conv_dw.weight` is `features.3.0.block.0.weight`.
  static func convNeXt(_ name: String) -> String {
    for (old, new) in [
      ("stem.", "features.0."), ("head.norm.", "classifier.0."), ("head.fc.", "classifier.2."),
    ] {
      if name.hasPrefix(old) { return new + name.dropFirst(old.count) }
    }
    guard let (stage, rest) = numbered(name, "stages") else { return name }
    if rest.hasPrefix("downsample.") { return "features.\(2 * stage).\(rest.dropFirst(11))" }
    guard let (index, part) = numbered(rest, "blocks") else { return name }
    let parts = [
      "gamma": "layer_scale", "conv_dw.": "block.0.", "norm.": "block.2.", "mlp.fc1.": "block.3.",
      "mlp.fc2.": "block.5.",
    ]
    guard let new = replacing(part, parts) else { return name }
    return "features.\(2 * stage + 1).\(index).\(new)"
  }

  /// VGG: the fully connected layers, which timm keeps as convolutions.
  static func vgg(_ name: String) -> String {
    let parts = [
      "pre_logits.fc1.": "classifier.0.", "pre_logits.fc2.": "classifier.3.", "head.fc.": "classifier.6.",
    ]
    return replacing(name, parts) ?? name
  }

  /// EfficientNet: `blocks.2.0.conv_dw.weight` is `features.3.0.block.1.0.weight`.
  static func efficientNet(_ name: String) -> String {
    let outer = [
      "conv_stem.": "features.0.0.", "bn1.": "features.0.1.", "conv_head.": "features.8.0.",
      "bn2.": "features.8.1.", "classifier.": "classifier.1.",
    ]
    if !name.hasPrefix("classifier.1"), let new = replacing(name, outer) { return new }
    guard let (stage, rest) = numbered(name, "blocks"), let (index, part) = numbered(rest) else {
      return name
    }
    // The first stage does not expand its channels: its layers move up by one.
    let parts =
      stage == 0
      ? [
        "conv_dw.": "0.0.", "bn1.": "0.1.", "se.conv_reduce.": "1.fc1.", "se.conv_expand.": "1.fc2.",
        "conv_pw.": "2.0.", "bn2.": "2.1.",
      ]
      : [
        "conv_pw.": "0.0.", "bn1.": "0.1.", "conv_dw.": "1.0.", "bn2.": "1.1.", "se.conv_reduce.": "2.fc1.",
        "se.conv_expand.": "2.fc2.", "conv_pwl.": "3.0.", "bn3.": "3.1.",
      ]
    guard let new = replacing(part, parts) else { return name }
    return "features.\(stage + 1).\(index).block.\(new)"
  }

  /// MobileNetV2: `blocks.1.0.conv_dw.weight` is `features.2.conv.1.0.weight`.
  static func mobileNetV2(_ name: String) -> String {
    let outer = [
      "conv_stem.": "features.0.0.", "bn1.": "features.0.1.", "conv_head.": "features.18.0.",
      "bn2.": "features.18.1.", "classifier.": "classifier.1.",
    ]
    if !name.hasPrefix("classifier.1"), let new = replacing(name, outer) { return new }
    guard let (stage, rest) = numbered(name, "blocks"), let (index, part) = numbered(rest),
      (0...6).contains(stage)
    else { return name }
    let parts =
      stage == 0
      ? ["conv_dw.": "0.0.", "bn1.": "0.1.", "conv_pw.": "1.", "bn2.": "2."]
      : [
        "conv_pw.": "0.0.", "bn1.": "0.1.", "conv_dw.": "1.0.", "bn2.": "1.1.", "conv_pwl.": "2.",
        "bn3.": "3.",
      ]
    guard let new = replacing(part, parts) else { return name }
    // Torchvision counts the blocks of all stages: 1, 2, 3, 4, 3, 3 and 1 of them.
    return "features.\([1, 2, 4, 7, 11, 14, 17][stage] + index).conv.\(new)"
  }

  /// `word.7.rest` as 7 and "rest"; without a word, `7.rest`. Nil where there is no such number.
  private static func numbered(_ name: String, _ word: String? = nil) -> (Int, String)? {
    var rest = Substring(name)
    if let word {
      guard rest.hasPrefix(word + ".") else { return nil }
      rest = rest.dropFirst(word.count + 1)
    }
    guard let end = rest.firstIndex(of: "."), let number = Int(rest[..<end]), (0..<10_000).contains(number)
    else { return nil }
    return (number, String(rest[rest.index(after: end)...]))
  }

  /// The name with the one prefix replaced that it has; nil where it has none of them.
  private static func replacing(_ name: String, _ prefixes: [String: String]) -> String? {
    guard let (old, new) = prefixes.first(where: { name.hasPrefix($0.key) }) else { return nil }
    return new + name.dropFirst(old.count)
  }
}
