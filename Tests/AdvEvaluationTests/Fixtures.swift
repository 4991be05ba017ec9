import AdvAttacks
import AdvData
import AdvTensor
import AdvThreat
import Foundation
import Synchronization

@testable import AdvEvaluation

/// Random pictures on the pixel lattice with the labels that a given model gives them, every fifth one wrong.
struct Speckles: Dataset {
  let name = "speckles"
  let classes: [String]
  let shape: Shape
  let count: Int
  let labels: [Int]
  var imageShape: Shape? { shape }

  init(_ model: SharedLinearModel, count: Int) throws {
    shape = model.imageShape
    classes = (0..<model.classes).map { "kind <\($0)>" }
    self.count = count
    let images = (0..<count).map { Self.picture($0, model.imageShape) }
    let truth = try model.oracle().labels(Tensor.stacking(images, rowShape: model.imageShape))
    labels = truth.enumerated().map { $0 % 5 == 4 ? ($1 + 1) % model.classes : $1 }
  }

  func label(_ index: Int) -> Int? { labels[index] }
  func identifier(_ index: Int) -> String { "speckle-\(index)" }
  func source(_ index: Int) -> String { "speckles#\(index)" }
  func image(_ index: Int) throws(DataError) -> Tensor { Self.picture(index, shape) }

  private static func picture(_ index: Int, _ shape: Shape) -> Tensor {
    var stream = RandomStream(seed: 9, UInt64(index))
    return Tensor(shape, (0..<shape.elementCount).map { _ in Lattice.value(stream.integer(below: 256)) })
  }
}

/// A linear model that every thread can have its own view of.
struct SharedLinearModel: Sendable {
  let weights: Tensor
  let bias: [Float]
  let imageShape: Shape
  var classes: Int { bias.count }

  init(classes: Int, imageShape: Shape, seed: UInt64 = 1) {
    var stream = RandomStream(seed: seed)
    let model = LinearOracle(random: &stream, classes: classes, imageShape: imageShape)
    (weights, bias, self.imageShape) = (model.weights, model.bias, imageShape)
  }

  func oracle() -> LinearOracle { LinearOracle(weights: weights, bias: bias, imageShape: imageShape) }
}

/// One attack run from start to end in a scratch folder.
struct FinishedRun {
  let scratch: Scratch
  let manifest: AttackManifest

  init(
    _ attack: String, _ epsilon: String, norm: Norm = .linf, count: Int = 20, batch: Int = 8,
    threads: Int = 1,
    classes: Int = 4, imageShape: Shape = [3, 5, 7], rounding: EpsilonRounding = .strict,
    repairs: Bool = true,
    aim: AttackRun.Aim = .untargeted, isLabelled: Bool = true, stop: StopSignal = StopSignal(),
    hurry: StopSignal = StopSignal(), configure: (inout AttackRun) -> Void = { _ in },
    oracle: (@Sendable (SharedLinearModel) -> any GradientOracle)? = nil
  ) throws {
    scratch = try Scratch()
    let model = SharedLinearModel(classes: classes, imageShape: imageShape)
    let source = ImageSource(try Speckles(model, count: count), isLabelled: isLabelled)
    var run = AttackRun(
      source: source, attack: try AttackCatalog.attack(attack), epsilon: try Epsilon(epsilon, norm: norm)
    ) { oracle?(model) ?? model.oracle() }
    (run.rounding, run.repairs, run.aim, run.batch, run.threads) = (rounding, repairs, aim, batch, threads)
    configure(&run)
    let folder = try OutputFolder(at: scratch["run"], overwrite: false)
    let findings = try run.execute(into: folder.staging, stop: stop, hurry: hurry)
    manifest = AttackManifest(
      command: ["advkit", "attack"],
      model: .init(
        name: "linear", arch: "linear", weightsSHA256: nil, classes: (0..<classes).map { "kind <\($0)>" }),
      run: run, findings: findings, seconds: 1)
    try AttackOutput(manifest, in: folder.staging).write(savesAll: true)
    try folder.publish()
  }

  var results: [ImageResult] { manifest.findings.images }
}
