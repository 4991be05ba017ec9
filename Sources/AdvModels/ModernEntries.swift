import AdvTensor

// The lines of the catalogue for networks since 2016 that are neither residual nor dense.
extension ModelCatalog {
  static let modern: [ModelEntry] =
    [
      ModelEntry(
        "inception_factorized", GoogLeNet(module: .factorized), "GoogLeNet with n×n filters as 1×n and n×1",
        "Szegedy et al. 2016, arXiv:1512.00567", card: ModelCard(.symmetric, resize: 256, crop: 224)),
      ModelEntry(
        "binarynet", BinaryNet(), "Weights and activations of -1 and 1 for 32×32 images",
        "Courbariaux et al. 2016, arXiv:1602.02830", card: ModelCard(.symmetric)),
      photographs("mobilenet_v3_large", MobileNetV3(.large), "MobileNetV3", mobilePaper),
      photographs("mobilenet_v3_small", MobileNetV3(.small), "MobileNetV3", mobilePaper),
    ] + efficient
    + [
      photographs("convnext_tiny", ConvNeXt(), "ConvNeXt", nextPaper, resize: 236),
      photographs("convnext_small", ConvNeXt([3, 3, 27, 3]), "ConvNeXt", nextPaper, resize: 230),
      photographs("convnext_base", ConvNeXt([3, 3, 27, 3], width: 128), "ConvNeXt", nextPaper, resize: 232),
      photographs("convnext_large", ConvNeXt([3, 3, 27, 3], width: 192), "ConvNeXt", nextPaper, resize: 232),
      photographs("vit_b_16", VisionTransformer(), "Vision transformer", visionPaper),
      photographs("vit_b_32", VisionTransformer(patch: 32), "Vision transformer", visionPaper),
      photographs("vit_l_16", large(patch: 16), "Vision transformer", visionPaper, resize: 242),
      photographs("vit_l_32", large(patch: 32), "Vision transformer", visionPaper),
    ]

  // The published compound scales: width, depth, side of the image, shorter side before the crop.
  private static let efficient: [ModelEntry] =
    ([
      (1.0, 1.0, 224, 256), (1.0, 1.1, 240, 256), (1.1, 1.2, 288, 288), (1.2, 1.4, 300, 320),
      (1.4, 1.8, 380, 384), (1.6, 2.2, 456, 456), (1.8, 2.6, 528, 528), (2.0, 3.1, 600, 600),
    ] as [(Float, Float, Int, Int)]).enumerated().map { index, scale in
      let (width, depth, side, resize) = scale
      let network = EfficientNet(width: width, depth: depth, side: side, epsilon: index < 5 ? 1e-5 : 1e-3)
      return photographs(
        "efficientnet_b\(index)", network, "EfficientNet", "Tan & Le 2019, arXiv:1905.11946", resize: resize)
    }

  private static func large(patch: Int) -> VisionTransformer {
    VisionTransformer(patch: patch, width: 1024, depth: 24, heads: 16, hidden: 4096)
  }

  private static let mobilePaper = "Howard et al. 2019, arXiv:1905.02244"
  private static let nextPaper = "Liu et al. 2022, arXiv:2201.03545"
  private static let visionPaper = "Dosovitskiy et al. 2021, arXiv:2010.11929"

  private static func photographs(
    _ name: String, _ architecture: any Architecture, _ title: String, _ paper: String, resize: Int = 256
  ) -> ModelEntry {
    ModelEntry(
      name, architecture, "\(title) for ImageNet", paper,
      card: ModelCard(.imageNet, resize: resize, crop: architecture.inputShape[1]))
  }
}
