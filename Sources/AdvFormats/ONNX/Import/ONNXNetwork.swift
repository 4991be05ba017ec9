import AdvGraph
import AdvTensor

/// Why an ONNX file could not be imported.
public enum ONNXError: Error, Sendable, CustomStringConvertible {
  /// The file could not be read, or is not an ONNX file.
  case file(FormatError)
  /// The network uses what is not supported: one line for each finding, all of the file.
  case network(path: String, problems: [String])

  /// The message for people.
  public var description: String {
    switch self {
    case .file(let error): return error.description
    case .network(let path, let problems):
      let shown = problems.prefix(50).map { "\n  " + FormatError.printable($0, limit: 400) }.joined()
      let more = problems.count > 50 ? "\n  and \(problems.count - 50) more" : ""
      let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
      return "\(path): the network cannot be imported, \(count):\(shown)\(more)"
    }
  }
}

/// A classifier from an ONNX file (opset 7 to 28), as a graph from one image to its logits.
///
/// The file's first axis is the batch, which a graph leaves out; shape arithmetic is carried out during the
/// import, with the batch size as a symbol. Normalisation, convolution and linear layers read their weights as
/// parameters under the initialisers' names; all other constants are part of the graph.
public struct ONNXNetwork: Sendable {
  /// The computation: one input, `ONNXNetwork.inputName`, and one output, n × `[classes]`.
  public let graph: Graph
  /// The weights by name.
  public let weights: [String: Tensor]
  /// The shape of one image, `[channels, height, width]` where the file takes pictures.
  public let inputShape: Shape
  /// The number of logits.
  public let classes: Int
  /// Whether the logits are the file's first output itself, and not what stands before a softmax or sigmoid.
  public let givesFileOutput: Bool
  /// What was guessed or left out, one line each.
  public let notes: [String]

  /// The name of the graph's input.
  public static let inputName = "image"

  /// Reads a file; tensors in other files must lie in its folder.
  ///
  /// `inputShape` is the shape of images where the file leaves it open or takes them in another view.
  public static func read(_ path: String, inputShape: Shape? = nil) throws(ONNXError) -> ONNXNetwork {
    let bytes: [UInt8]
    do throws(FormatError) { bytes = try FileBytes.read(path) } catch { throw .file(error) }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let folder = path.dropLast(name.count)
    return try decode(
      bytes, named: path, folder: folder.isEmpty ? "." : String(folder), inputShape: inputShape)
  }

  /// Imports the bytes of a file; without a folder, external data is an error.
  public static func decode(
    _ bytes: [UInt8], named name: String = "ONNX data", folder: String? = nil, inputShape: Shape? = nil
  ) throws(ONNXError) -> ONNXNetwork {
    let file: ONNXFile
    do throws(FormatError) { file = try ONNXParser.parse(bytes, path: name) } catch { throw .file(error) }
    var importer = try ONNXImporter(file, folder: folder)
    let builder = importer.recorder.builder
    let input = try located(name) { () throws(ONNXProblem) in
      let info = try theImage(among: importer.inputs)
      let input = try ONNXInput(info, wanted: inputShape)
      let image = builder.input(inputName, TensorType(input.shape))
      let entered = try input.enter(image, importer.recorder)
      importer.bind(info.name, to: .image(entered), batch: info.dimensions?.first ?? nil)
      return input
    }
    let outputs = try importer.run()
    let logits = try located(name) { () throws(ONNXProblem) in
      guard let name = file.outputs.first, let output = try output(outputs.first ?? nil) else {
        throw ONNXProblem("the first output does not depend on the image, expected logits")
      }
      return try ONNXLogits(output, named: name, importer.recorder)
    }
    let more = file.outputs.count > 1 ? ["only the first of \(file.outputs.count) outputs is used"] : []
    return try network(importer.recorder, input, logits, path: name, notes: more)
  }

  /// The value behind the first output, nil where it does not depend on the image.
  private static func output(_ operand: ONNXOperand?) throws(ONNXProblem) -> Value? {
    switch operand {
    case .image(let value): return value
    case .whole(let value):
      guard value.shape.dimensions.count(where: { $0 != 1 }) <= 1 else {
        throw ONNXProblem("the first output is \(value.shape), which mixes the images of a batch")
      }
      return value
    case .constant, nil: return nil
    }
  }

  /// The one input that is not a weight.
  private static func theImage(among inputs: [ONNXValueInfo]) throws(ONNXProblem) -> ONNXValueInfo {
    guard inputs.count == 1 else {
      let names = inputs.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
      throw ONNXProblem("\(inputs.count) inputs (\(names)), expected one, the image")
    }
    return inputs[0]
  }

  /// The finished graph with the weights that it still reads.
  private static func network(
    _ recorder: ONNXRecorder, _ input: ONNXInput, _ logits: ONNXLogits, path: String, notes: [String]
  ) throws(ONNXError) -> ONNXNetwork {
    do throws(GraphError) {
      let graph = try recorder.builder.finish([logits.value]).removingUnused()
      let used = Set(graph.parameters.map(\.name))
      return ONNXNetwork(
        graph: graph, weights: recorder.weights.filter { used.contains($0.key) }, inputShape: input.shape,
        classes: logits.value.channels, givesFileOutput: logits.notes.isEmpty,
        notes: input.notes + logits.notes + notes)
    } catch {
      throw .network(path: path, problems: error.problems)
    }
  }

  /// Adds the path to what stands in the way of an import.
  private static func located<Result>(
    _ path: String, _ body: () throws(ONNXProblem) -> Result
  ) throws(ONNXError) -> Result {
    do throws(ONNXProblem) {
      return try body()
    } catch {
      throw .network(path: path, problems: [error.text])
    }
  }
}
