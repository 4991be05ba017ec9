import AdvTensor
import Testing

@testable import AdvModels

/// Timm's names of tensors against torchvision's, which the networks bear.
@Suite struct TimmNamesTests {
  @Test(arguments: [
    ("vit_b_16", "cls_token", "class_token"), ("vit_b_16", "pos_embed", "encoder.pos_embedding"),
    ("vit_b_16", "blocks.11.attn.qkv.bias", "encoder.layers.encoder_layer_11.self_attention.in_proj_bias"),
    ("vit_b_16", "blocks.0.norm2.weight", "encoder.layers.encoder_layer_0.ln_2.weight"),
    ("vit_b_16", "norm.bias", "encoder.ln.bias"), ("vit_b_16", "head.weight", "heads.head.weight"),
    ("convnext_tiny", "stem.1.bias", "features.0.1.bias"),
    ("convnext_tiny", "stages.2.downsample.1.weight", "features.4.1.weight"),
    ("convnext_tiny", "stages.3.blocks.2.mlp.fc2.weight", "features.7.2.block.5.weight"),
    ("convnext_tiny", "stages.0.blocks.1.gamma", "features.1.1.layer_scale"),
    ("vgg16", "pre_logits.fc2.weight", "classifier.3.weight"), ("vgg16", "head.fc.bias", "classifier.6.bias"),
    ("efficientnet_b0", "blocks.0.0.conv_pw.weight", "features.1.0.block.2.0.weight"),
    ("efficientnet_b0", "blocks.5.3.se.conv_expand.bias", "features.6.3.block.2.fc2.bias"),
    ("efficientnet_b0", "bn2.running_var", "features.8.1.running_var"),
    ("mobilenet_v2", "blocks.0.0.bn2.weight", "features.1.conv.2.weight"),
    ("mobilenet_v2", "blocks.6.0.conv_pwl.weight", "features.17.conv.2.weight"),
    ("mobilenet_v2", "classifier.weight", "classifier.1.weight"),
  ])
  func `Timm's name is one of the network's`(_ network: String, _ theirs: String, _ ours: String) throws {
    let model = try ModelCatalog.untrained(network)
    #expect(model.architecture.canonicalName(of: theirs) == ours)
    #expect(try model.graph().parameters.contains { $0.name == ours })
  }

  @Test(arguments: ["vit_b_16", "convnext_tiny", "vgg16", "vgg11_bn", "efficientnet_b0", "mobilenet_v2"])
  func `The network's own names stay`(_ network: String) throws {
    let model = try ModelCatalog.untrained(network)
    for parameter in try model.graph().parameters {
      #expect(model.architecture.canonicalName(of: parameter.name) == parameter.name)
    }
  }

  @Test(arguments: [
    "blocks.x.attn.qkv.weight", "blocks.99999999999999999999.norm1.weight", "blocks.", "stages.1", "",
  ])
  func `What follows no pattern stays as it is`(_ name: String) throws {
    for network in ["vit_b_16", "convnext_tiny", "vgg16", "efficientnet_b0", "mobilenet_v2"] {
      #expect(try ModelCatalog.entry(named: network).architecture.canonicalName(of: name) == name)
    }
  }

  @Test func `Other shapes of the same elements`() throws {
    let vgg = try ModelCatalog.entry(named: "vgg16").architecture
    #expect(vgg.canonicalShape(of: "classifier.0.weight", [4096, 512, 7, 7]) == [4096, 25088])
    #expect(vgg.canonicalShape(of: "features.0.weight", [64, 3, 3, 3]) == [64, 3, 3, 3])
    let next = try ModelCatalog.entry(named: "convnext_tiny").architecture
    #expect(next.canonicalShape(of: "features.1.0.layer_scale", [96]) == [96, 1, 1])
  }
}
