import AdvModels
import AdvTensor
import ArgumentParser

/// Which network, with which weights and preprocessing.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A name from `advkit models`, or a file: .onnx, .safetensors, .pth, .pt, .th.", valueName: "model"))
  var model = ""

  @Option(help: ArgumentHelp("A checkpoint for the named architecture.", valueName: "file"))
  var weights: String?

  @Option(help: ArgumentHelp("The architecture, where the checkpoint does not say.", valueName: "name"))
  var arch: String?

  @Option(help: ArgumentHelp("Mean of each channel, in pixels 0…1: a,b,c.", valueName: "list"))
  var mean: String?

  @Option(help: ArgumentHelp("Standard deviation of each channel: a,b,c.", valueName: "list"))
  var std: String?

  @Option(help: ArgumentHelp("Side of the square that the network sees.", valueName: "n"))
  var inputSize: Int?

  @Option(help: ArgumentHelp("Scale the shorter side of a photograph to this length first.", valueName: "n"))
  var resize: Int?

  @Option(help: ArgumentHelp("Then cut a centred square of this side.", valueName: "n"))
  var crop: Int?

  func validate() throws {
    if let inputSize, inputSize < 1 || inputSize > 16_384 {
      throw ValidationError("--input-size is \(inputSize), expected 1…16384.")
    }
  }

  /// The model with its weights. What had to be guessed goes to the console unless `quiet`.
  func load(labels: [String]? = nil, quiet: Bool, on console: Console) throws -> Model {
    let loaded = try ModelLoader.load(try request(labels: labels))
    if !quiet { loaded.notes.forEach { console.note("model: \($0)") } }
    let model = loaded.model
    guard let inputSize else { return model }
    return try model.accepting([model.inputShape[0], inputSize, inputSize])
  }

  /// What the options ask for, apart from the input size.
  func request(labels: [String]? = nil) throws -> ModelRequest {
    // `inspect` has another way to name a file, so that the parser cannot demand the option.
    if model.isEmpty { throw ValidationError("Missing expected argument '--model <model>'") }
    return ModelRequest(model, weights: weights, architecture: arch, card: try card(labels: labels))
  }

  /// The card keys that were given by hand.
  private func card(labels: [String]? = nil) throws -> ModelCard {
    var card = ModelCard()
    card.mean = try mean.map { try Lists.numbers($0, option: "--mean") }
    card.std = try std.map { try Lists.numbers($0, option: "--std") }
    card.labels = labels
    (card.resize, card.crop) = (resize, crop)
    return card
  }

  /// The options that make the same model again.
  var arguments: [String] {
    let pairs: [(String, String?)] = [
      ("--model", model), ("--weights", weights), ("--arch", arch), ("--mean", mean), ("--std", std),
      ("--input-size", inputSize.map(String.init)),
      ("--resize", resize.map(String.init)), ("--crop", crop.map(String.init)),
    ]
    return pairs.flatMap { name, value in value.map { [name, $0] } ?? [] }
  }
}
