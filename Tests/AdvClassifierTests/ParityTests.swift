import AdvClassifier
import AdvFormats
import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat
import Foundation
import Testing

/// What PyTorch computed for one network with hashed weights, in double precision.
struct ParityCase: Sendable, CustomTestStringConvertible {
  let name: String
  let shape: Shape
  let logits: [Double]
  let gradient: [Double]  // at positions spread over the image
  let norm: Double  // of the whole gradient

  var testDescription: String { name }

  /// All networks of the fixture.
  static let all: [ParityCase] = {
    guard let archive = try? Safetensors.read(fixturePath) else { return [] }
    let names = Set(archive.names.compactMap { $0.split(separator: ".").first.map(String.init) })
    return names.sorted().map { name in
      ParityCase(
        name: name, shape: Shape((archive["\(name).shape"]?.elements ?? []).map { Int($0) }),
        logits: archive.doubles("\(name).logits"), gradient: archive.doubles("\(name).gradient"),
        norm: archive.doubles("\(name).norm").first ?? .nan)
    }
  }()

  static let fixturePath = packageRoot + "/Tests/Fixtures/models/parity.safetensors"

  /// The relative errors of an oracle's logits and gradient, measured by L2 norms.
  func errors(of oracle: some GradientOracle) throws -> (logits: Double, gradient: Double, norm: Double) {
    let x = HashedNumbers.tensor("input:\(name)", shape.prepending(1), 0, 1)
    var z = Tensor([0])
    try oracle.linearize(at: x, logits: &z)
    let probabilities = softmax(z.elements.map(Double.init))
    var cotangent = probabilities
    cotangent[1] -= 1  // the gradient of the cross-entropy with label 1
    let full = try oracle.pullback(Tensor(z.shape, cotangent.map { Float($0) })).elements.map(Double.init)
    let picked = gradient.indices.map { full[$0 * full.count / gradient.count] }
    return (
      relativeError(z.elements.map(Double.init), logits), relativeError(picked, gradient),
      abs(length(full) - norm) / norm
    )
  }
}

extension TensorArchive {
  /// Doubles that are stored as pairs of floats.
  fileprivate func doubles(_ name: String) -> [Double] {
    guard let high = self["\(name).high"], let low = self["\(name).low"] else { return [] }
    return zip(high.elements, low.elements).map { Double($0) + Double($1) }
  }
}

func softmax(_ z: [Double]) -> [Double] {
  let top = z.max() ?? 0
  let powers = z.map { exp($0 - top) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

func relativeError(_ values: [Double], _ truth: [Double]) -> Double {
  length(zip(values, truth).map { $0 - $1 }) / length(truth)
}

let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

@Suite struct ParityTests {
  @Test func `the fixture is there`() { #expect(ParityCase.all.count >= 12) }

  @Test(arguments: ParityCase.all)
  func `logits and input gradients are those of PyTorch`(_ parity: ParityCase) throws {
    let model = try HashedNumbers.model(parity.name, inputShape: parity.shape, classes: parity.logits.count)
    let errors = try parity.errors(of: Classifier(model, from: .raw).makeOracle())
    #expect(errors.logits < 1e-4)
    #expect(errors.gradient < 1e-4)
    #expect(errors.norm < 1e-4)
  }
}

@Suite struct DefinitionParityTests {
  /// The networks that the interpreter's plain loops run in about a second.
  static let small = ParityCase.all.filter { parity in
    let model = try? ModelCatalog.untrained(
      parity.name, inputShape: parity.shape, classes: parity.logits.count)
    return model.flatMap { try? Inspection($0) }.map { $0.multiplyAdds < 160_000_000 } ?? true
  }

  @Test(arguments: small)
  func `the interpreter in double precision gives PyTorch's numbers to 1e-9`(_ parity: ParityCase) throws {
    let model = try HashedNumbers.model(parity.name, inputShape: parity.shape, classes: parity.logits.count)
    let graph = try model.boundGraph(from: .raw)
    let x = HashedNumbers.tensor("input:\(parity.name)", parity.shape.prepending(1), 0, 1)
    var inputs = [Model.inputName: ReferenceTensor<Double>(x)]
    let logits = try Interpreter<Double>(graph).run(inputs, images: 1)[0].elements
    #expect(relativeError(logits, parity.logits) < 1e-9)

    var cotangent = softmax(logits)
    cotangent[1] -= 1
    inputs["cotangent"] = ReferenceTensor(TensorType([logits.count]), images: 1, cotangent)
    let backward = try graph.differentiated(graph.outputs[0], toward: [graph.inputs[0].id])
    let full = try Interpreter<Double>(backward).run(inputs, images: 1)[1].elements
    let picked = parity.gradient.indices.map { full[$0 * full.count / parity.gradient.count] }
    #expect(relativeError(picked, parity.gradient) < 1e-9)
    #expect(abs(length(full) - parity.norm) < 1e-9 * parity.norm)
  }
}
