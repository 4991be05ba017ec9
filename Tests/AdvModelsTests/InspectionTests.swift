import AdvGraph
import AdvModels
import AdvTensor
import Foundation
import Testing

/// The table of layers built by hand on one image.
private func inspect(_ image: Shape, _ build: (Value, Weights) -> Value) throws -> Inspection {
  let builder = GraphBuilder()
  let x = builder.input("image", TensorType(image))
  return Inspection(try builder.finish([build(x, Weights(in: builder))]), model: "example")
}

@Suite struct InspectionTests {
  @Test(arguments: [
    ("resnet18", 11_689_512, 1.814), ("resnet34", 21_797_672, 3.664), ("resnet50", 25_557_032, 4.089),
    ("resnet101", 44_549_160, 7.801), ("resnet152", 60_192_808, 11.514),
    ("resnext50_32x4d", 25_028_904, 4.23),
    ("wide_resnet50_2", 68_883_240, 11.40), ("alexnet", 61_100_840, 0.714), ("vgg11", 132_863_336, 7.609),
    ("vgg11_bn", 132_868_840, 7.609), ("vgg13_bn", 133_053_736, 11.308), ("vgg16", 138_357_544, 15.470),
    ("vgg16_bn", 138_365_992, 15.470), ("vgg19_bn", 143_678_248, 19.632), ("googlenet", 6_624_904, 1.498),
    ("squeezenet1_0", 1_248_424, 0.819), ("squeezenet1_1", 1_235_496, 0.349),
    ("densenet121", 7_978_856, 2.834), ("densenet161", 28_681_000, 7.728), ("densenet169", 14_149_480, 3.36),
    ("densenet201", 20_013_928, 4.291), ("mobilenet_v2", 3_504_872, 0.301),
    ("wide_resnet", 36_479_194, 5.248), ("mobilenet_v3_large", 5_483_032, 0.217),
    ("mobilenet_v3_small", 2_542_856, 0.057), ("efficientnet_b0", 5_288_548, 0.386),
    ("efficientnet_b1", 7_794_184, 0.687), ("efficientnet_b2", 9_109_994, 1.088),
    ("efficientnet_b3", 12_233_232, 1.827), ("efficientnet_b4", 19_341_616, 4.394),
    ("efficientnet_b5", 30_389_784, 10.266), ("efficientnet_b6", 43_040_704, 19.068),
    ("efficientnet_b7", 66_347_960, 37.746), ("convnext_tiny", 28_589_128, 4.456),
    ("convnext_small", 50_223_688, 8.684), ("convnext_base", 88_591_464, 15.355),
    ("convnext_large", 197_767_336, 34.361), ("vit_b_16", 86_567_656, 17.564),
    ("vit_b_32", 88_224_232, 4.409), ("vit_l_16", 304_326_632, 61.555), ("vit_l_32", 306_535_400, 15.378),
    ("vgg13", 133_047_848, 11.308), ("vgg19", 143_667_240, 19.632), ("vgg_c", 133_638_952, 11.77),
    ("resnext101_32x8d", 88_791_336, 16.414), ("resnext101_64x4d", 83_455_272, 15.46),
    ("wide_resnet101_2", 126_886_696, 22.753),
    ("zfnet", 62_357_608, 1.168), ("alexnet_2012", 60_965_224, 0.724), ("vgg_a_lrn", 132_863_336, 7.609),
  ])
  func `ImageNet networks have the published sizes`(_ name: String, _ parameters: Int, _ work: Double) throws
  {
    let inspection = try Inspection(try ModelCatalog.untrained(name))
    #expect(inspection.parameters == parameters)
    #expect(abs(Double(inspection.multiplyAdds) / 1e9 - work) < 0.006)
  }

  @Test(arguments: [
    ("resnet20", 269_722), ("resnet32", 464_154), ("resnet44", 658_586), ("resnet56", 853_018),
    ("resnet110", 1_727_962), ("lenet5", 61_706), ("wide_resnet16_4", 2_748_890),
    ("densenet_bc_100_12", 769_162), ("nin", 966_986), ("preact_resnet", 272_282),
    ("preact_resnet164", 1_703_258), ("alphago_policy", 3_882_793), ("resnet_2b", 112_006),
    ("resnet_4b", 123_734), ("binarynet", 14_029_716), ("inception_factorized", 6_854_280),
    ("simplecnn", 525_578),
  ])
  func `small networks have the published sizes`(_ name: String, _ parameters: Int) throws {
    #expect(try Inspection(try ModelCatalog.untrained(name)).parameters == parameters)
  }

  @Test(arguments: [
    (227, 11, 4, 0, 55), (224, 7, 2, 3, 112), (32, 5, 1, 2, 32), (7, 3, 2, 0, 3), (7, 3, 3, 1, 3),
  ])
  func `output sizes are (W − F + 2P) / S + 1`(_ w: Int, _ f: Int, _ s: Int, _ p: Int, _ size: Int) throws {
    let table = try inspect([3, w, w]) { x, weights in
      x.conv(weights["conv"], channels: 2, kernel: f, stride: s, padding: p)
    }
    #expect(table.layers[0].output == [2, size, size])
    #expect(size == (w - f + 2 * p) / s + 1)
  }

  @Test func `three 3×3 convolutions see 7×7`() throws {
    let table = try inspect([1, 16, 16]) { x, w in
      x.conv(w[0], channels: 1, kernel: 3).conv(w[1], channels: 1, kernel: 3)
        .conv(w[2], channels: 1, kernel: 3)
    }
    #expect(table.layers.map(\.receptiveField) == [[3, 3], [5, 5], [7, 7]])
  }

  @Test func `pooling multiplies the jump, and a linear layer sees everything`() throws {
    let table = try inspect([1, 16, 16]) { x, w in
      x.conv(w[0], channels: 4, kernel: 3, stride: 2, padding: 1).maxPool(2).flatten().linear(w[1], 3).relu()
    }
    #expect(table.layers.map(\.receptiveField) == [[3, 3], [5, 5], nil, nil])
    #expect(table.layers[1].jump == [4, 4])
    #expect(table.layers.map(\.multiplyAdds) == [8 * 8 * 4 * 9, 0, 4 * 4 * 4 * 3, 0])
  }

  @Test func `ten 5×5 filters on three channels have 760 parameters`() throws {
    let table = try inspect([3, 32, 32]) { x, w in x.conv(w["c"], channels: 10, kernel: 5, padding: 2) }
    #expect(table.parameters == 760)
  }

  @Test func `1×1 reductions save most of the work of an Inception network`() throws {
    let work = try ["reducing", "naive", "factorized"].map {
      try Inspection(try ModelCatalog.untrained("googlenet:kernel=5,module=\($0)")).multiplyAdds
    }
    #expect(work[1] > 5 * work[0])
    #expect(work[2] < work[0])
  }

  // Szegedy et al. 2015, module 3a: 5×5 filters on 28×28×192, directly and behind 16 channels of 1×1.
  @Test func `a 1×1 reduction before 5×5 filters saves nine tenths of the multiplications`() throws {
    let direct = try inspect([192, 28, 28]) { x, w in
      x.conv(w["a"], channels: 32, kernel: 5, padding: 2, bias: false)
    }
    let reduced = try inspect([192, 28, 28]) { x, w in
      x.conv(w["a"], channels: 16, kernel: 1, bias: false)
        .conv(w["b"], channels: 32, kernel: 5, padding: 2, bias: false)
    }
    #expect(direct.multiplyAdds == 120_422_400)
    #expect(reduced.multiplyAdds == 12_443_648)
  }

  @Test func `n×n as 1×n and n×1 sees as much with 2/n of the weights`() throws {
    let square = try inspect([8, 17, 17]) { x, w in x.conv(w["a"], channels: 8, kernel: 7, bias: false) }
    let factorized = try inspect([8, 17, 17]) { x, w in
      x.conv(w["a"], channels: 8, kernel: Size2D(1, 7), bias: false)
        .conv(w["b"], channels: 8, kernel: Size2D(7, 1), bias: false)
    }
    #expect(square.parameters == 8 * 8 * 49)
    #expect(factorized.parameters == 8 * 8 * 14)
    #expect(square.layers.last?.receptiveField == factorized.layers.last?.receptiveField)
  }

  @Test func `what is done to weights counts where they are used`() throws {
    let table = try inspect([4, 5, 5]) { x, w in
      let kernels = w.parameter("weight", [6, 4, 3, 3], .convolutionWeight).apply(BinarySign())
      return x.apply(Convolution(), kernels).layerNorm(w["norm"]).pixelwiseLinear(w["linear"], 2)
    }
    #expect(table.layers.map(\.type) == ["convolution", "layer-norm", "convolution"])
    #expect(table.layers.map(\.parameters) == [216, 12, 14])
    #expect(table.layers.map(\.multiplyAdds) == [216 * 9, 0, 12 * 9])
  }

  @Test func `the first layer of AlexNet has 34,848 weights and makes planes of 55×55`() throws {
    let first = try Inspection(try ModelCatalog.untrained("alexnet_2012")).layers.first { $0.path == "conv1" }
    #expect(first?.parameters == 34_848 + 96)
    #expect(first?.output == [96, 55, 55])
  }

  @Test func `the weights of a bound graph count as those of an unbound one`() throws {
    let model = try ModelLoader.load(ModelRequest("logistic")).model
    let bound = Inspection(try model.boundGraph(), model: "logistic")
    #expect(try bound == Inspection(model))
    #expect(bound.parameters == 11)
  }

  @Test func `the table shows the totals, and the JSON reads back`() throws {
    let inspection = try Inspection(try ModelCatalog.untrained("resnet18"))
    #expect(inspection.table.contains("11,689,512 parameters"))
    #expect(inspection.table.contains("layer1.0.conv1"))
    let json = try JSONEncoder().encode(inspection)
    #expect(try JSONDecoder().decode(Inspection.self, from: json) == inspection)
  }
}
