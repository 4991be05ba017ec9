import AdvData
import AdvFormats
import AdvModels
import AdvRuntime
import AdvTensor
import Foundation
import Testing

@testable import AdvTraining

/// Two classes of 8×8 images that differ in which half is bright.
private struct HalfPlanes: Dataset {
  var count = 64
  let name = "halves"
  let classes = ["left", "right"]
  let imageShape: Shape? = [1, 8, 8]
  func label(_ index: Int) -> Int? { index % 2 }
  func identifier(_ index: Int) -> String { "\(index)" }
  func source(_ index: Int) -> String { "halves:\(index)" }
  func image(_ index: Int) -> Tensor {
    var stream = RandomStream(seed: 5, UInt64(index))
    return Tensor(
      [1, 8, 8],
      (0..<64).map { position in
        let bright = (position % 8 < 4) == (index % 2 == 0)
        return (Float(stream.integer(below: 100)) + (bright ? 155 : 0)) / 255
      })
  }
}

@Suite struct TrainerTests {
  private func temporaryFolder() throws -> String {
    let path = NSTemporaryDirectory() + "advkit-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func network(side: Int) -> CIFARResNet {
    var network = CIFARResNet(depth: 8)
    (network.classes, network.inputShape) = (2, [1, side, side])
    return network
  }

  private func model() throws -> Model {
    try Model(
      name: "tiny", architectureName: "resnet20",
      network(side: 8), card: ModelCard())
  }

  private func settings(epochs: Int, augmentations: String = "crop") -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.epochs, settings.batch) = (epochs, 16)
    settings.learningRate = LearningRate(base: 0.05, schedule: .constant)
    settings.augmentations = augmentations
    return settings
  }

  private func train(threads: Int, _ settings: TrainingSettings) throws -> TrainedModel {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try Trainer(model(), on: HalfPlanes(), settings: settings, pool: WorkerPool(threads: threads))
      .run(in: folder)
  }

  @Test(arguments: [
    "fgsm:eps=0.02", "pgd:steps=2,eps=0.02", "fast:eps=0.02,ramp=1", "free:replays=2,eps=0.02",
    "trades:steps=2,eps=0.02", "mart:steps=2,eps=0.02", "gaussian:sigma=0.05",
  ])
  func `every recipe learns, and the number of threads changes no bit`(recipe: String) throws {
    var settings = settings(epochs: 4, augmentations: "")
    settings.recipe = recipe
    let trained = try train(threads: 2, settings)
    #expect(trained.history.last!.loss < trained.history.first!.loss)
    #expect(trained.history.last!.trainingAccuracy > 0.8)
    settings.epochs = 1
    #expect(identical(try train(threads: 1, settings).weights, try train(threads: 3, settings).weights))
  }

  @Test func `bounds learn to certify, and the number of threads changes no bit`() throws {
    var perceptron = MultilayerPerceptron()
    (perceptron.hidden, perceptron.classes, perceptron.inputShape) = ([16, 8], 2, [1, 8, 8])
    let model = try Model(name: "tiny", architectureName: "mlp", perceptron, card: ModelCard())
    var settings = settings(epochs: 6, augmentations: "")
    settings.learningRate.base = 0.02
    settings.recipe = "ibp:eps=0.05,plain=1,ramp=2,kappa=0.25"
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trained = try [1, 3].map { threads in
      try Trainer(model, on: HalfPlanes(), settings: settings, pool: WorkerPool(threads: threads))
        .run(in: folder)
    }
    #expect(identical(trained[0].weights, trained[1].weights))
    let (recipe, images) = (try RecipeCatalog.recipe(settings.recipe) as! any BoundRecipe, HalfPlanes())
    let batch = TrainingBatch(
      images: Tensor.stacking((0..<64).map(images.image), rowShape: [1, 8, 8]), targets: Tensor([64, 2]),
      labels: (0..<64).map { $0 % 2 }, ids: Array(0..<64), seed: 0, progress: 6)
    let graph = try model.trainingGraph().withIntervalBounds()
    var network = try TrainingNetwork(graph, weights: trained[0].weights, pool: WorkerPool(threads: 1))
    let box = recipe.box(of: batch)
    let rows = try network.forward(
      batch.images, in: [box.lower, box.upper], dropping: DropoutDraw(seed: 0, step: 0, ids: [0]))
    let certified = (0..<64).count { rows[6 * $0 + 2 + $0 % 2] > rows[6 * $0 + 4 + 1 - $0 % 2] }
    #expect(certified > 58)
    settings.recipe = "ibp"
    #expect(throws: TrainingError.self) { try train(threads: 1, settings) }  // batch norm has no bounds
  }

  @Test func `every option of the optimiser learns and resumes to the same bits`() throws {
    var settings = settings(epochs: 2, augmentations: "mixup,cutout:size=2")
    (settings.optimizer, settings.learningRate.base) = (.adamw, 0.01)
    (settings.weightAverage, settings.gradientLimit, settings.roundsWeights) = (0.9, 1, true)
    (settings.weightPerturbation, settings.initialization) = (0.01, .xavier)
    settings.learningRate.schedule = .oneCycle
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/checkpoint.safetensors"
    let trainer = try Trainer(model(), on: HalfPlanes(), settings: settings, pool: WorkerPool(threads: 2))
    var afterFirstEpoch: [UInt8] = []
    let whole = try trainer.run(in: folder) { event in
      if case .epoch(let record) = event, record.epoch == 1 {
        afterFirstEpoch = (try? FileBytes.read(path)) ?? []
      }
    }
    try AtomicFile.write(afterFirstEpoch, to: path)
    #expect(identical(whole.weights, try trainer.run(in: folder, resume: true).weights))
  }

  @Test func `only a fall of accuracy under attack beyond the limit ends a run`() {
    func epoch(_ number: Int, _ robust: Double?) -> EpochRecord {
      EpochRecord(
        epoch: number, loss: 1, trainingAccuracy: 1, validationAccuracy: 1, robustAccuracy: robust, rate: 0.1)
    }
    var settings = settings(epochs: 5)
    #expect(settings.drop(to: epoch(2, 0), after: epoch(1, 1)) == nil)  // no limit
    settings.stopsAtDrop = 0.25
    #expect(settings.drop(to: epoch(1, 0), after: nil) == nil)
    #expect(settings.drop(to: epoch(2, 0.5), after: epoch(1, 0.75)) == nil)
    #expect(settings.drop(to: epoch(2, 0.75), after: epoch(1, 0.25)) == nil)
    let drop = settings.drop(to: epoch(2, 0.125), after: epoch(1, 0.75))
    #expect(drop?.from == 0.75 && drop?.to == 0.125)
  }

  @Test func `a run without a fall goes to its end, accuracy under attack beside the clean one`() throws {
    var settings = settings(epochs: 4, augmentations: "")
    let good = try train(threads: 2, settings).weights
    settings.epochs = 3
    (settings.validationAttack, settings.validationRadius, settings.stopsAtDrop) = ("fgsm", 0.001, 0.2)
    settings.learningRate = LearningRate(base: 1e-6, schedule: .constant)
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let calm = try Trainer(
      model().with(weights: good), on: HalfPlanes(), validation: HalfPlanes(count: 32), settings: settings,
      pool: WorkerPool(threads: 2)
    ).run(in: folder)
    #expect(calm.history.count == 3)  // nothing falls, nothing ends
    for record in calm.history {
      #expect(record.robustAccuracy != nil && record.robustAccuracy! <= record.validationAccuracy!)
    }
  }

  @Test func `a distillation without a teacher says what is missing`() throws {
    var settings = settings(epochs: 1)
    settings.recipe = "distillation"
    #expect(throws: TrainingError.self) { try train(threads: 1, settings) }
  }

  private func identical(_ a: [String: Tensor], _ b: [String: Tensor]) -> Bool {
    a.keys == b.keys && a.allSatisfy { $0.value.isIdentical(to: b[$0.key]!) }
  }

  @Test func `training learns what is easy to learn`() throws {
    let trained = try train(threads: 2, settings(epochs: 6, augmentations: ""))
    #expect(trained.history.last!.trainingAccuracy > 0.95)
    #expect(trained.history.last!.loss < trained.history.first!.loss)
  }

  @Test func `the number of threads changes no bit of the weights`() throws {
    let settings = settings(epochs: 2)
    #expect(identical(try train(threads: 1, settings).weights, try train(threads: 3, settings).weights))
  }

  @Test func `a resumed run ends in the same bits as one that was never interrupted`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/checkpoint.safetensors"
    let trainer = try Trainer(
      model(), on: HalfPlanes(), settings: settings(epochs: 3), pool: WorkerPool(threads: 2))
    var afterFirstEpoch: [UInt8] = []
    let whole = try trainer.run(in: folder) { event in
      if case .epoch(let record) = event, record.epoch == 1 {
        afterFirstEpoch = (try? FileBytes.read(path)) ?? []
      }
    }
    // What an interruption in the second epoch would have left on disk.
    try AtomicFile.write(afterFirstEpoch, to: path)
    let resumed = try trainer.run(in: folder, resume: true)
    #expect(identical(whole.weights, resumed.weights))
    #expect(whole.history == resumed.history)
  }
  @Test func `a checkpoint of another run is refused`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pool = WorkerPool(threads: 1)
    _ = try Trainer(model(), on: HalfPlanes(), settings: settings(epochs: 1), pool: pool).run(in: folder)
    let other = try Trainer(model(), on: HalfPlanes(), settings: settings(epochs: 2), pool: pool)
    let error = #expect(throws: TrainingError.self) { try other.run(in: folder, resume: true) }
    #expect(error?.description.contains("made with epochs 1, this run has epochs 2.") == true)
    var selection = Selection()
    selection.limit = HalfPlanes().count - 1
    let fewer = try Trainer(
      model(), on: HalfPlanes().selecting(selection), settings: settings(epochs: 1), pool: pool)
    #expect(throws: TrainingError.self) { try fewer.run(in: folder, resume: true) }
  }
  @Test func `an attack on validation images needs such images`() throws {
    var settings = settings(epochs: 1)
    settings.validationAttack = "fgsm"
    let error = #expect(throws: TrainingError.self) {
      try Trainer(model(), on: HalfPlanes(), settings: settings, pool: WorkerPool(threads: 1))
    }
    #expect(error?.description.contains("--validation") == true)
  }

  @Test(arguments: ["standard", "fgsm:eps=0.1"])
  func `a loss that is not finite stops the run and names epoch and batch`(_ recipe: String) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var settings = settings(epochs: 3)
    settings.learningRate = LearningRate(base: 1e30, schedule: .constant)
    settings.recipe = recipe
    let trainer = try Trainer(model(), on: HalfPlanes(), settings: settings, pool: WorkerPool(threads: 1))
    do {
      _ = try trainer.run(in: folder)
      Issue.record("a rate of 1e30 went through")
    } catch {
      guard case .lossNotFinite(let epoch, let batch, _) = error else { throw error }
      #expect(epoch == 1 && batch > 1)
    }
  }

  @Test func `values that overflow are found in their layer, where every weight is finite`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var perceptron = MultilayerPerceptron()
    (perceptron.hidden, perceptron.classes, perceptron.inputShape) = ([16, 8], 2, [1, 8, 8])
    let untrained = try Model(name: "mlp", architectureName: "mlp", perceptron, card: ModelCard())
    var weights = Initialization.he.weights(of: try untrained.graph(), seed: 0)
    let last = try #require(weights.keys.filter { $0.hasSuffix("weight") }.max())
    weights[last] = Tensor(try #require(weights[last]).shape, filledWith: 3e38)
    let trainer = try Trainer(
      try untrained.with(weights: weights), on: HalfPlanes(), settings: settings(epochs: 1),
      pool: WorkerPool(threads: 1))
    do {
      _ = try trainer.run(in: folder)
      Issue.record("sums above the largest number went through")
    } catch {
      guard case .lossNotFinite(1, 1, let layer) = error else { throw error }
      #expect(layer.map { last.hasPrefix($0) } == true)
    }
  }

  @Test func `a data set that does not fit the model is refused`() throws {
    let pool = WorkerPool(threads: 1)
    #expect(throws: TrainingError.self) {
      try Trainer(model(), on: HalfPlanes(count: 8), settings: settings(epochs: 1), pool: pool)
    }
    let wide = try Model(
      name: "wide", architectureName: "resnet20",
      network(side: 16), card: ModelCard())
    #expect(throws: TrainingError.self) {
      try Trainer(wide, on: HalfPlanes(), settings: settings(epochs: 1), pool: pool)
    }
  }
}
