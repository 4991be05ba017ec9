import AdvConformance
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
  let draw: Int  // of the image
  let hidden: Int?  // the width of narrowed fully connected layers

  var testDescription: String { name }

  /// All networks of the fixture.
  static let all: [ParityCase] = {
    guard let archive = try? Safetensors.read(fixturePath) else { return [] }
    let names = Set(archive.names.compactMap { $0.split(separator: ".").first.map(String.init) })
    return names.sorted().map { name in
      ParityCase(
        name: name, shape: Shape((archive["\(name).shape"]?.elements ?? []).map { Int($0) }),
        logits: archive.doubles("\(name).logits"), gradient: archive.doubles("\(name).gradient"),
        norm: archive.doubles("\(name).norm").first ?? .nan,
        draw: archive["\(name).draw"].map { Int($0[0]) } ?? 0,
        hidden: archive["\(name).hidden"].map { Int($0[0]) })
    }
  }()

  static let fixturePath = packageRoot + "/Tests/Fixtures/models/parity.safetensors"

  /// The image, as a batch of one.
  var image: Tensor { HashedNumbers.tensor("input:\(name):\(draw)", shape.prepending(1), 0, 1) }

  /// The network with hashed weights.
  func model() throws -> Model {
    let entry = try ModelCatalog.entry(named: name)
    var architecture = entry.architecture
    (architecture.inputShape, architecture.classes) = (shape, logits.count)
    switch architecture {
    case var narrow as VGG:
      narrow.hidden = hidden ?? narrow.hidden
      architecture = narrow
    case var narrow as AlexNetOriginal:
      narrow.hidden = hidden ?? narrow.hidden
      architecture = narrow
    case var narrow as AlexNet:
      narrow.hidden = hidden ?? narrow.hidden
      architecture = narrow
    case var narrow as ZFNet:
      narrow.hidden = hidden ?? narrow.hidden
      architecture = narrow
    default: break
    }
    let model = try Model(name: name, architectureName: name, architecture, card: ModelCard(.none))
    return try model.with(weights: HashedNumbers.weights(for: try model.graph()))
  }

  /// The relative errors of an oracle's logits and gradient, measured by L2 norms.
  func errors(of oracle: some GradientOracle) throws -> (logits: Double, gradient: Double, norm: Double) {
    let x = image
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

@Suite(.serialized) struct ParityTests {
  @Test func `the fixture is there`() { #expect(ParityCase.all.count >= 40) }

  @Test(arguments: ParityCase.all)
  func `logits and input gradients are those of PyTorch`(_ parity: ParityCase) throws {
    let model = try parity.model()
    let classifier = try Classifier(model, from: .raw)
    // The power in AlexNet's normalisation and a bias for each point of the board have no kernel.
    if !["alexnet_2012", "alphago_policy"].contains(parity.name) {
      #expect(classifier.network.gradient.statistics.interpretedSteps == 0)
    }
    let errors = try parity.errors(of: classifier.makeOracle())
    #expect(errors.logits < 1e-4)
    #expect(errors.gradient < 1e-4)
    #expect(errors.norm < 1e-4)
  }
}

@Suite(.serialized) struct DefinitionParityTests {
  /// The networks that the interpreter's plain loops run in about a second.
  static let small = ParityCase.all.filter { parity in
    let model = try? ModelCatalog.untrained(
      parity.name, inputShape: parity.shape, classes: parity.logits.count)
    return model.flatMap { try? Inspection($0) }.map { $0.multiplyAdds < 100_000_000 } ?? true
  }

  @Test(arguments: small)
  func `the interpreter in double precision gives PyTorch's numbers to 1e-9`(_ parity: ParityCase) throws {
    let model = try parity.model()
    let graph = try model.boundGraph(from: .raw)
    var inputs = [Model.inputName: ReferenceTensor<Double>(parity.image)]
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
