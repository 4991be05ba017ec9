import AdvEvaluation
import AdvModels
import ArgumentParser
import Foundation

/// `advkit convert`: models and checkpoints in another format.
struct ConvertCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a model or a checkpoint as safetensors, as a PyTorch checkpoint or as ONNX.",
    discussion: """
      advkit convert resnet --to resnet.onnx
      advkit convert w.pth --arch resnet20 --to w.onnx
      advkit convert w.pth --to w.safetensors

      An ONNX file takes pixels in 0…1, preprocessing included, unless --raw is given. What the file does not
      say goes into a card beside it.
      """)

  @Argument(help: ArgumentHelp("A name from `advkit models`, or a file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The file to write: .safetensors, .pth or .onnx.", valueName: "file"))
  var to: String

  @Option(help: ArgumentHelp("A checkpoint for the named architecture.", valueName: "file"))
  var weights: String?

  @Option(help: ArgumentHelp("The architecture, where the checkpoint does not say.", valueName: "name"))
  var arch: String?

  @Flag(help: "ONNX without the preprocessing: the network's own input.") var raw = false
  @Flag(help: "Half precision; safetensors only.") var half = false
  @Flag(help: "Replace a file that is there already.") var overwrite = false
  @Flag(help: "No remarks.") var quiet = false

  func execute(on console: Console) throws -> ExitStatus {
    let format = try ModelConversion.Format(of: to)
    if half, format != .safetensors {
      throw InputError("--half: only safetensors are written in half precision, not \(to).")
    }
    if raw, format != .onnx { throw InputError("--raw: only ONNX files hold a preprocessing, not \(to).") }
    for path in [to, to + ".card.json"] where !overwrite && FileManager.default.fileExists(atPath: path) {
      throw InputError("\(path): exists already.\n  Give --overwrite to replace it, or another name.")
    }
    var conversion = ModelConversion(ModelRequest(model, weights: weights, architecture: arch))
    conversion.entrance = raw ? .raw : .pixels
    conversion.stored = half ? .float16 : .float32
    conversion.version = Version.current
    let notes = try conversion.write(to: to)
    if !quiet { notes.forEach { console.note($0) } }
    return .done
  }
}
