import AdvFormats
import AdvGraph
import AdvSettings

/// Why a model could not be found, loaded or used: what, where, got, expected, remedy.
public enum ModelError: Error, Sendable, CustomStringConvertible {
  /// A name that the catalogue does not know, with the nearest ones that it does.
  case unknownName(String, nearest: [String])
  /// A specifier with an unknown parameter or a bad value.
  case setting(SettingError)
  /// A model without built-in weights, and no file given.
  case noWeights(model: String)
  /// Weights that do not fit: one line for every missing, extra, misshapen or non-finite tensor.
  case weights(path: String, architecture: String, problems: [String])
  /// Weights that are no network's of the catalogue.
  case unidentified(path: String, tensors: [String])
  /// A card that contradicts itself or the network.
  case card(path: String, problem: String)
  /// Images that the model cannot take.
  case images(String)
  /// A file that could not be read.
  case file(FormatError)
  /// An ONNX file that could not be imported.
  case onnx(ONNXError)
  /// An architecture whose parameters make no network at this input size.
  case graph(model: String, GraphError)

  /// The message for people.
  public var description: String {
    switch self {
    case .unknownName(let name, let nearest):
      "unknown model '\(name)'.\n  "
        + (nearest.isEmpty ? "" : "Did you mean \(nearest.joined(separator: ", "))? ")
        + "`advkit models` lists every name; a file needs its extension (.safetensors, .pth, .pt, .th, .onnx)."
    case .setting(let error): error.description
    case .noWeights(let model):
      "model '\(model)' has no built-in weights.\n  "
        + "Give a checkpoint with --weights FILE, or train one with `advkit train --model \(model)`."
    case .weights(let path, let architecture, let problems):
      "\(path): \(problems.count) \(problems.count == 1 ? "tensor does" : "tensors do") not fit "
        + "'\(architecture)'; if the file is of another architecture, name that with --arch:\n  "
        + problems.joined(separator: "\n  ")
    case .unidentified(let path, let tensors):
      "\(path): its \(tensors.count) tensors are exactly those of no network that `advkit models` lists.\n  "
        + "It holds \(tensors.prefix(4).joined(separator: ", "))\(tensors.count > 4 ? ", …" : "").\n  "
        + "Name its architecture with --arch NAME[:settings]; what does not fit is then listed tensor by tensor."
    case .card(let path, let problem): "\(path): \(problem)"
    case .images(let problem): problem
    case .file(let error): error.description
    case .onnx(let error): error.description
    case .graph(let model, let error): "model '\(model)' cannot be built:\n  \(error)"
    }
  }
}
