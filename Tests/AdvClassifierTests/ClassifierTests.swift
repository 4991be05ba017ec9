import AdvConformance
import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat
import Testing

@testable import AdvClassifier

@Suite struct ClassifierTests {
  @Test func `preprocessing is part of the classifier`() throws {
    let model = try HashedNumbers.model("resnet20")
    let pixels = HashedNumbers.tensor("pixels", [2, 3, 32, 32], 0, 1)
    let (mean, deviation): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    let prepared = Tensor(
      pixels.shape,
      pixels.elements.enumerated().map { index, pixel in
        (pixel - mean[index / 1024 % 3]) / deviation[index / 1024 % 3]
      })
    let whole = try Classifier(model).makeOracle().logits(pixels)
    let raw = try Classifier(model, from: .raw).makeOracle().logits(prepared)
    #expect(relativeError(whole.elements.map(Double.init), raw.elements.map(Double.init)) < 1e-5)
  }

  @Test func `BGR networks read the planes in reverse`() throws {
    var card = ModelCard(Preprocessing(.bgr, range: 255, mean: [104, 117, 123]))
    card.labels = nil
    let plain = try HashedNumbers.model("lenet5", inputShape: [3, 32, 32])
    let model = try Model(
      name: "bgr", architectureName: "lenet5", plain.architecture, card: card, weights: plain.weights)
    let pixels = HashedNumbers.tensor("pixels", [1, 3, 32, 32], 0, 1)
    let prepared = Tensor(
      pixels.shape,
      (0..<3072).map { index in
        let plane = index / 1024
        return pixels[(2 - plane) * 1024 + index % 1024] * 255 - [104, 117, 123][plane]
      })
    let whole = try Classifier(model).makeOracle().logits(pixels)
    let raw = try Classifier(model, from: .raw).makeOracle().logits(prepared)
    #expect(relativeError(whole.elements.map(Double.init), raw.elements.map(Double.init)) < 1e-5)
  }

  @Test func `fast searches round, verdicts do not, and queries leave a linearisation alone`() throws {
    let model = try HashedNumbers.model("resnet20")
    let images = HashedNumbers.tensor("pixels", [3, 3, 32, 32], 0, 1)
    let cotangent = HashedNumbers.tensor("cotangent", [3, 10], -1, 1)
    let (oracle, exact) = (
      try Classifier(model, precision: .fast).makeOracle(), try Classifier(model).makeOracle()
    )
    let truth = try exact.logits(images)
    #expect(try oracle.logits(images).isIdentical(to: truth))
    var linearized = Tensor([0])
    try oracle.linearize(at: images, logits: &linearized)
    let gradient = try oracle.pullback(cotangent)
    oracle.announce(.search(0), of: [0, 1, 2])
    #expect(try oracle.labels(images) == exact.labels(images))
    #expect(try oracle.logits(images).isIdentical(to: linearized))
    #expect(!linearized.isIdentical(to: truth))
    _ = try oracle.logits(HashedNumbers.tensor("other pixels", [2, 3, 32, 32], 0, 1))
    #expect(try oracle.pullback(cotangent).isIdentical(to: gradient))
    #expect(try oracle.verdictLogits(images, of: [0, 1, 2]).isIdentical(to: truth))
    exact.announce(.search(0), of: [0, 1, 2])
    #expect(try exact.logits(images).isIdentical(to: truth))
  }

  @Test func `the plan's oracle agrees with the definition`() throws {
    let model = try HashedNumbers.model("lenet5")
    let images = HashedNumbers.tensor("pixels", [3, 1, 28, 28], 0, 1)
    let cotangent = HashedNumbers.tensor("cotangent", [3, 10], -1, 1)
    var (fast, slow) = (Tensor([0]), Tensor([0]))
    let (oracle, definition) = (try Classifier(model).makeOracle(), try ReferenceOracle<Double>(model))
    try oracle.linearize(at: images, logits: &fast)
    try definition.linearize(at: images, logits: &slow)
    #expect(relativeError(fast.elements.map(Double.init), slow.elements.map(Double.init)) < 1e-5)
    let (left, right) = (try oracle.pullback(cotangent), try definition.pullback(cotangent))
    #expect(relativeError(left.elements.map(Double.init), right.elements.map(Double.init)) < 1e-5)
  }

  @Test(arguments: BackwardRectifier.allCases)
  func `the plan goes back through ReLUs by the same rule as the definition`(_ rule: BackwardRectifier) throws
  {
    let model = try HashedNumbers.model("squeezenet1_1", inputShape: [3, 48, 48], classes: 4)
    let images = HashedNumbers.tensor("pixels", [1, 3, 48, 48], 0, 1)
    let (oracle, definition) = (
      try Classifier(model, rectifying: rule).makeOracle(),
      try ReferenceOracle<Double>(model, rectifying: rule)
    )
    let (left, right) = (
      try oracle.logitGradient(of: 1, at: images), try definition.logitGradient(of: 1, at: images)
    )
    #expect(relativeError(left.elements.map(Double.init), right.elements.map(Double.init)) < 1e-4)
    let plain = try Classifier(model).makeOracle().logitGradient(of: 1, at: images)
    #expect((left == plain) == (rule == .gradient))
  }

  @Test(arguments: ["resnet20", "lenet5", "mlp", "squeezenet1_1"])
  func `an image's answer does not depend on its neighbours`(_ name: String) throws {
    let shape: Shape = name == "squeezenet1_1" ? [3, 48, 48] : try ModelCatalog.entry(named: name).shape
    let oracle = try Classifier(try HashedNumbers.model(name, inputShape: shape, classes: 10)).makeOracle()
    let images = HashedNumbers.tensor("pixels", shape.prepending(5), 0, 1)
    let cotangent = HashedNumbers.tensor("cotangent", [5, 10], -1, 1)
    var logits = Tensor([0])
    try oracle.linearize(at: images, logits: &logits)
    let gradient = try oracle.pullback(cotangent)
    for picked in [[3], [4, 0], [2, 1, 0, 4, 3]] {
      var alone = Tensor([0])
      try oracle.linearize(at: images.rows(picked), logits: &alone)
      #expect(alone.isIdentical(to: logits.rows(picked)))
      #expect(try oracle.logits(images.rows(picked)).isIdentical(to: alone))
      #expect(try oracle.pullback(cotangent.rows(picked)).isIdentical(to: gradient.rows(picked)))
    }
  }

  @Test func `images of another shape are refused`() throws {
    let oracle = try Classifier(try HashedNumbers.model("lenet5")).makeOracle()
    for shape: Shape in [[1, 3, 28, 28], [1, 1, 32, 32], [28, 28]] {
      #expect(throws: ThreatError.self) { try oracle.logits(Tensor(shape)) }
    }
    #expect(try oracle.logits(Tensor([0, 1, 28, 28])).shape == [0, 10])
  }

  @Test func `a pullback without a linearization is an error`() throws {
    let oracle = try Classifier(try HashedNumbers.model("lenet5")).makeOracle()
    #expect(throws: ThreatError.self) { try oracle.pullback(Tensor([1, 10])) }
  }

  @Test func `an untrained model makes no classifier`() throws {
    #expect(throws: ModelError.self) { try Classifier(try ModelCatalog.untrained("resnet18")) }
  }

  @Test func `probabilities are refused, logits are not`() throws {
    var guardian = LogitGuard(model: "m")
    let probabilities = Tensor([2, 3], [0.2, 0.3, 0.5, 1, 0, 0])
    let error = #expect(throws: ThreatError.self) { try guardian.check(probabilities) }
    #expect("\(error as Any)".contains("probabilities"))
    try guardian.check(Tensor([2, 3], [0.2, 0.3, 0.5, 1, 2, 0]))
    try guardian.check(probabilities)  // one batch of logits has proven the model
  }

  @Test func `a logistic model whose score happens to be 1 is no distribution`() throws {
    var guardian = LogitGuard(model: "m")
    try guardian.check(Tensor([1, 2], [0, 1]))
  }

  @Test func `the built-in logistic model is the textbook's demonstration`() throws {
    let model = try ModelLoader.load(ModelRequest("logistic")).model
    let oracle = try Classifier(model).makeOracle()
    let x: [Float] = [2, -1, 3, -2, 2, 2, 1, -4, 5, 1]
    let w: [Float] = [-1, -1, 1, -1, 1, -1, 1, 1, -1, 1]
    let before = try oracle.logits(Tensor([1, 10], x))
    #expect(before.elements == [0, -3])  // σ(−3) = 0.0474
    let step = zip(x, w).map { $0 + 0.5 * $1 }
    let after = try oracle.logits(Tensor([1, 10], step))
    #expect(after.elements == [0, 2])  // ε‖w‖₁ = 5 higher: σ(2) = 0.88
    #expect(try oracle.logitGradient(of: 1, at: Tensor([1, 10], x)).elements == w)
  }
}

extension ModelEntry {
  /// The usual shape of one image.
  fileprivate var shape: Shape { architecture.inputShape }
}
