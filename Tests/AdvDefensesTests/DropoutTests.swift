import AdvClassifier
import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat
import Testing

@testable import AdvDefenses

@Suite struct DropoutTests {
  private func oracle(_ text: String) throws -> (any GradientOracle, Model) {
    let model = try ModelLoader.load(ModelRequest("lenet5")).model
    let chain = try DefenseChain(parsing: text)
    let classifier = try Classifier(
      model, rewriting: { (graph) throws(GraphError) in try chain.rewriting(graph) })
    let context = DefenseContext(seed: 2, imageShape: model.inputShape)
    return (try chain.guarding(classifier.makeOracle(), context), model)
  }

  private func images(_ model: Model) -> Tensor {
    var stream = RandomStream(seed: 6)
    let shape = model.inputShape.prepending(3)
    return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(0.2, 0.8) })
  }

  @Test func `nothing dropped is the network itself`() throws {
    let (masked, model) = try oracle("dropout:rate=0,samples=1,draws=1")
    let plain = try Classifier(model).makeOracle()
    let x = images(model)
    #expect(masked.domain == plain.domain)
    masked.announce(.search(0), of: [1, 2, 3])
    var (z, w) = (Tensor([0]), Tensor([0]))
    try masked.linearize(at: x, logits: &z)
    try plain.linearize(at: x, logits: &w)
    // The mixture of one answer is its log softmax: the same up to a term for each image.
    for row in 0..<3 {
      let gaps = (0..<10).map { z[row * 10 + $0] - w[row * 10 + $0] }
      #expect((gaps.max() ?? 1) - (gaps.min() ?? 0) < 1e-4)
    }
    var cotangent = Tensor([3, 10])
    for row in 0..<3 { (cotangent[row * 10], cotangent[row * 10 + 1]) = (1, -1) }
    let (g, h) = (try masked.pullback(cotangent), try plain.pullback(cotangent))
    #expect(zip(g.elements, h.elements).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func `masks belong to image and draw, whatever the batch`() throws {
    let (masked, model) = try oracle("dropout:samples=3,draws=2")
    let x = images(model)
    masked.announce(.search(0), of: [1, 2, 3])
    let all = try masked.logits(x)
    masked.announce(.search(0), of: [3])
    let alone = try masked.logits(x.rows([2]))
    #expect(alone.row(0).isIdentical(to: all.row(2)))
    masked.announce(.search(1), of: [1, 2, 3])
    #expect(try !masked.logits(x).isIdentical(to: all))
    #expect(
      try masked.verdictLogits(x, of: [1, 2, 3]).isIdentical(to: masked.verdictLogits(x, of: [1, 2, 3])))
  }

  @Test func `a search that does not know of dropout sees the whole network`() throws {
    let (masked, model) = try oracle("dropout" + DefenseChain.unknownToAttacker)
    let x = images(model)
    masked.announce(.search(0), of: [1, 2, 3])
    #expect(try masked.labels(x) == Classifier(model).makeOracle().labels(x))
  }

  @Test func `dropout stands last in its chain`() throws {
    #expect(throws: Never.self) { try oracle("jpeg+dropout") }
    #expect(throws: ThreatError.self) { try oracle("dropout+jpeg") }
  }
}
