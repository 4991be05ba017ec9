import AdvTensor

// The lines of the catalogue, in order of the field's history: one for each name.
extension ModelCatalog {
  static let basics: [ModelEntry] = [
    ModelEntry(
      "linear", LinearClassifier(), "Multiclass linear classifier", "Goodfellow et al. 2015, arXiv:1412.6572"),
    ModelEntry(
      "logistic", LogisticClassifier(), "Binary logistic classifier",
      "Goodfellow et al. 2015, arXiv:1412.6572"),
    ModelEntry("mlp", MultilayerPerceptron(), "Multilayer perceptron", "Rumelhart et al. 1986"),
    ModelEntry("lenet5", LeNet5(), "LeNet-5 with ReLU and max-pooling", "LeCun et al. 1998"),
    ModelEntry(
      "lenet5_1998", LeNet5(form: .original), "LeNet-5 with tanh and average pooling", "LeCun et al. 1998"),
  ]

  // Last, so that a checkpoint without a card is taken for the published network and not for its namesake.
  static let forShapes10: [ModelEntry] = [
    ModelEntry(
      "resnet", CIFARResNet(depth: 20), "ResNet-20 for shapes10", "He et al. 2016, arXiv:1512.03385",
      card: ModelCard(.symmetric))
  ]

  static let cifarResidual: [ModelEntry] = [20, 32, 44, 56, 110].flatMap { depth in
    [CIFARResNet.Shortcut.zeroPadding, .projection].map { shortcut in
      ModelEntry(
        "resnet\(depth)" + (shortcut == .projection ? "_b" : ""),
        CIFARResNet(depth: depth, shortcut: shortcut),
        "ResNet-\(depth) for 32×32 images, shortcut \(shortcut == .projection ? "B" : "A")",
        "He et al. 2016, arXiv:1512.03385", card: .cifar10)
    }
  }

  static let imageNetResidual: [ModelEntry] = [
    residual("resnet18", ImageNetResNet(.basic, [2, 2, 2, 2])),
    residual("resnet34", ImageNetResNet(.basic, [3, 4, 6, 3])),
    residual("resnet50", ImageNetResNet(.bottleneck, [3, 4, 6, 3])),
    residual("resnet101", ImageNetResNet(.bottleneck, [3, 4, 23, 3])),
    residual("resnet152", ImageNetResNet(.bottleneck, [3, 8, 36, 3])),
    residual(
      "resnext50_32x4d", ImageNetResNet(.bottleneck, [3, 4, 6, 3], groups: 32, widthPerGroup: 4),
      "Xie et al. 2017, arXiv:1611.05431"),
    residual(
      "resnext101_32x8d", ImageNetResNet(.bottleneck, [3, 4, 23, 3], groups: 32, widthPerGroup: 8),
      "Xie et al. 2017, arXiv:1611.05431"),
    residual(
      "resnext101_64x4d", ImageNetResNet(.bottleneck, [3, 4, 23, 3], groups: 64, widthPerGroup: 4),
      "Xie et al. 2017, arXiv:1611.05431"),
    residual(
      "wide_resnet50_2", ImageNetResNet(.bottleneck, [3, 4, 6, 3], widthPerGroup: 128),
      "Zagoruyko & Komodakis 2016, arXiv:1605.07146"),
    residual(
      "wide_resnet101_2", ImageNetResNet(.bottleneck, [3, 4, 23, 3], widthPerGroup: 128),
      "Zagoruyko & Komodakis 2016, arXiv:1605.07146"),
  ]

  private static func residual(
    _ name: String, _ architecture: ImageNetResNet, _ paper: String = "He et al. 2016, arXiv:1512.03385"
  ) -> ModelEntry {
    ModelEntry(name, architecture, "Residual network for ImageNet", paper, card: .imageNet)
  }

  static let beforeResidual: [ModelEntry] =
    [
      ModelEntry("simplecnn", SimpleCNN(), "Three convolutions and a linear layer", "no paper"),
      ModelEntry(
        "alexnet_2012", AlexNetOriginal(), "AlexNet as published, for ImageNet", "Krizhevsky et al. 2012",
        card: ModelCard(.imageNet, resize: 256, crop: 227)),
      imageNet("alexnet", AlexNet(), "AlexNet in one group", "Krizhevsky 2014, arXiv:1404.5997"),
      imageNet("zfnet", ZFNet(), "ZFNet", "Zeiler & Fergus 2014, arXiv:1311.2901"),
      ModelEntry(
        "nin", NetworkInNetwork(), "Network in Network for 32×32 images", "Lin et al. 2014, arXiv:1312.4400",
        card: .cifar10),
    ] + vgg
    + [
      ModelEntry(
        "googlenet", GoogLeNet(), "GoogLeNet, batch-normalised", "Szegedy et al. 2015, arXiv:1409.4842",
        // Torchvision rescales its usual constants to these inside the network.
        card: ModelCard(.symmetric, resize: 256, crop: 224)),
      imageNet(
        "squeezenet1_0", SqueezeNet(.paper), "SqueezeNet 1.0", "Iandola et al. 2016, arXiv:1602.07360"),
      imageNet(
        "squeezenet1_1", SqueezeNet(.early), "SqueezeNet 1.1", "Iandola et al. 2016, arXiv:1602.07360"),
      ModelEntry("alphago_policy", AlphaGoPolicy(), "AlphaGo's policy network", "Silver et al. 2016"),
    ]

  private static let vgg: [ModelEntry] =
    [(11, VGG.Configuration.a), (13, .b), (16, .d), (19, .e)].flatMap {
      depth, configuration in
      [false, true].map { normalizes in
        imageNet(
          "vgg\(depth)\(normalizes ? "_bn" : "")", VGG(configuration, normalizes: normalizes),
          "VGG with \(depth) layers\(normalizes ? " and batch norm" : "")",
          "Simonyan & Zisserman 2015, arXiv:1409.1556")
      }
    } + [
      imageNet("vgg_c", VGG(.c), "VGG, configuration C", "Simonyan & Zisserman 2015, arXiv:1409.1556"),
      imageNet(
        "vgg_c_bn", VGG(.c, normalizes: true), "VGG, configuration C with batch norm",
        "Simonyan & Zisserman 2015, arXiv:1409.1556"),
      imageNet(
        "vgg_a_lrn_bn", VGG(.aLRN, normalizes: true), "VGG, configuration A-LRN with batch norm",
        "Simonyan & Zisserman 2015, arXiv:1409.1556"),
      imageNet(
        "vgg_a_lrn", VGG(.aLRN), "VGG, configuration A-LRN", "Simonyan & Zisserman 2015, arXiv:1409.1556"),
    ]

  static let afterResidual: [ModelEntry] =
    [
      ModelEntry(
        "preact_resnet", PreActivationResNet(), "Pre-activation ResNet-20 for 32×32 images",
        "He et al. 2016, arXiv:1603.05027", card: .cifar10),
      ModelEntry(
        "preact_resnet164", PreActivationResNet(depth: 164, .bottleneck),
        "Pre-activation ResNet-164 for 32×32 images", "He et al. 2016, arXiv:1603.05027", card: .cifar10),
      wide("wide_resnet", 28, 10), wide("wide_resnet16_4", 16, 4), wide("wide_resnet34_10", 34, 10),
      wide("wide_resnet40_2", 40, 2),
      imageNet("densenet121", DenseNet([6, 12, 24, 16]), "DenseNet-121", densePaper),
      imageNet(
        "densenet161", DenseNet([6, 12, 36, 24], growth: 48, initial: 96), "DenseNet-161", densePaper),
      imageNet("densenet169", DenseNet([6, 12, 32, 32]), "DenseNet-169", densePaper),
      imageNet("densenet201", DenseNet([6, 12, 48, 32]), "DenseNet-201", densePaper),
      ModelEntry(
        "densenet_bc_40_12", DenseNet(cifarDepth: 40, growth: 12), "DenseNet-BC for 32×32 images",
        densePaper, card: .cifar10),
      ModelEntry(
        "densenet_bc_100_12", DenseNet(cifarDepth: 100, growth: 12), "DenseNet-BC for 32×32 images",
        densePaper, card: .cifar10),
      ModelEntry(
        "densenet_bc_250_24", DenseNet(cifarDepth: 250, growth: 24), "DenseNet-BC for 32×32 images",
        densePaper, card: .cifar10),
      ModelEntry(
        "densenet_bc_190_40", DenseNet(cifarDepth: 190, growth: 40), "DenseNet-BC for 32×32 images",
        densePaper, card: .cifar10),
      compact("resnet_2b", 1, 8), compact("resnet_4b", 2, 16),
      imageNet("mobilenet_v2", MobileNetV2(), "MobileNetV2", "Sandler et al. 2018, arXiv:1801.04381"),
    ]

  private static let densePaper = "Huang et al. 2017, arXiv:1608.06993"

  private static func imageNet(
    _ name: String, _ architecture: any Architecture, _ title: String, _ paper: String
  ) -> ModelEntry {
    ModelEntry(name, architecture, "\(title) for ImageNet", paper, card: .imageNet)
  }

  private static func compact(_ name: String, _ stages: Int, _ width: Int) -> ModelEntry {
    ModelEntry(
      name, CompactResNet(stages: stages, width: width), "Residual network of the verification competitions",
      "Bak et al. 2021, arXiv:2109.00498", card: ModelCard(.ofCIFAR10, labels: ModelCard.cifar10.labels))
  }

  private static func wide(_ name: String, _ depth: Int, _ width: Int) -> ModelEntry {
    ModelEntry(
      name, WideResNet(depth: depth, width: width), "Wide ResNet \(depth)-\(width) for 32×32 images",
      "Zagoruyko & Komodakis 2016, arXiv:1605.07146", card: .cifar10)
  }
}
