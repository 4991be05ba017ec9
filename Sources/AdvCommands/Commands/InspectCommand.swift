import AdvClassifier
import AdvModels
import AdvRuntime
import AdvTensor
import ArgumentParser

/// `advkit inspect`: the layers of a network and what an attack step on it needs, or what a file holds.
struct InspectCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print the layers of a network: sizes, parameters, multiply-adds, receptive fields.",
    discussion: """
      advkit inspect --model vgg16
      advkit inspect w.pth

      A file alone is listed: its tensors, and the network that it is taken for.
      """)

  @Argument(
    help: ArgumentHelp("A file of weights to list: .onnx, .safetensors, .pth, .npz.", valueName: "file"))
  var file: String?

  @OptionGroup(title: "Model") var modelOptions: ModelOptions

  @Option(
    help: ArgumentHelp(
      "Print a stage of the compiled network instead: graph, folded, gradient, fused or plan.",
      valueName: "stage"))
  var stage: String?

  @Flag(help: "Print the table as JSON.") var json = false

  private struct Facts: Encodable {
    let inspection: Inspection
    let step: StepMemory
  }

  /// What one worker needs for forward and input gradient.
  private struct StepMemory: Encodable {
    let weightBytes, bytesPerImage, bytesPerWorker, savedBytesPerImage: Int
    let flopsPerImage, kernels, interpreted: Int

    init(_ statistics: PlanStatistics) {
      weightBytes = statistics.weightBytes
      (bytesPerImage, bytesPerWorker) = (statistics.arenaBytesPerImage, statistics.stretchBytes)
      savedBytesPerImage = statistics.savedBytesPerImage
      flopsPerImage = statistics.forwardOperations + statistics.backwardOperations
      (kernels, interpreted) = (statistics.steps, statistics.interpretedSteps)
    }

    enum CodingKeys: String, CodingKey {
      case weightBytes = "weight_bytes"
      case bytesPerImage = "activation_bytes_per_image"
      case bytesPerWorker = "activation_bytes_per_worker"
      case savedBytesPerImage = "saved_bytes_per_image"
      case flopsPerImage = "flops_per_image"
      case kernels = "steps"
      case interpreted = "interpreted_steps"
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    if let file { return try list(file, on: console) }
    let stage: Pipeline.Stage? = try stage.map { try Lists.choice($0, option: "--stage") }
    let model = try AnyModel.load(try modelOptions.request(), inputSize: modelOptions.inputSize)
    if let stage {
      console.print(try Pipeline(try model.boundGraph()).text(of: stage))
      return .done
    }
    if let built = try ModelCatalog.builtInCard(modelOptions.model)?.arch, modelOptions.weights == nil,
      model.card.sha256 == nil
    {
      console.note(
        "'\(modelOptions.model)' is the published network here; the built-in model of that name is another form: '\(built)'."
      )
    }
    let inspection = try Inspection(model)
    let statistics = try Network(try model.boundGraph()).gradient.statistics
    if json {
      console.print(try JSONText.of(Facts(inspection: inspection, step: StepMemory(statistics))))
      return .done
    }
    let mebibytes = { (bytes: Int) in "\((Double(bytes) / 104_857.6).rounded() / 10) MiB" }
    let gigaflops = Double(statistics.forwardOperations + statistics.backwardOperations) / 1e9
    console.print(inspection.table)
    console.print(
      "attack step (forward and input gradient): \((gigaflops * 1000).rounded() / 1000) GFLOP, "
        + "\(mebibytes(statistics.stretchBytes)) of activations for each thread, "
        + "\(mebibytes(statistics.arenaBytesPerImage)) and "
        + "\(mebibytes(statistics.savedBytesPerImage)) saved for each image, "
        + "\(mebibytes(statistics.weightBytes)) of weights; \(statistics.interpretedSteps) of "
        + "\(statistics.steps) steps without a kernel")
    return .done
  }

  private func list(_ file: String, on console: Console) throws -> ExitStatus {
    guard modelOptions.model.isEmpty, stage == nil else {
      throw InputError("a file alone is listed; for its layers write --model \(file).")
    }
    let inspection = try FileInspection(file)
    if json {
      console.print(try JSONText.of(inspection))
      return .done
    }
    var table = Table("tensor", "type", "shape")
    for entry in inspection.tensors { table.add(entry.name, entry.type, "\(Shape(entry.shape))") }
    console.print(table.text)
    console.print(
      "\(inspection.format): \(inspection.tensors.count) tensors, \(inspection.elements) elements")
    for (key, value) in inspection.metadata.sorted(by: { $0.key < $1.key }) {
      console.print("\(key): \(value)")
    }
    inspection.notes.forEach { console.print($0) }
    return .done
  }
}
