import AdvGraph
import AdvTensor

/// Walks an ONNX graph once and records what it computes; everything that stands in the way is collected.
struct ONNXImporter {
  /// The operator set versions whose meaning the import functions know.
  static let opsets = 7...28

  private let file: ONNXFile
  private let opset: Int
  private var data: ONNXTensorData
  private var values: [String: ONNXOperand] = [:]
  private var initializers: [String: ONNXTensor]
  /// Results of a node that could not be imported: what reads them is not complained of again.
  private var missing: Set<String> = []
  private var problems: [String] = []
  /// Where the graph is recorded.
  private(set) var recorder: ONNXRecorder

  /// An importer of a file; external data is looked for in `folder`.
  init(_ file: ONNXFile, folder: String?) throws(ONNXError) {
    guard let opset = file.opset, Self.opsets.contains(opset) else {
      let got = file.opset.map { "opset \($0)" } ?? "no opset of the standard operators"
      throw .network(
        path: file.path,
        problems: ["\(got), expected \(Self.opsets.lowerBound) to \(Self.opsets.upperBound)"])
    }
    (self.file, self.opset) = (file, opset)
    data = ONNXTensorData(file, folder: folder)
    recorder = ONNXRecorder(fileSize: file.bytes.count)
    initializers = [:]
    for tensor in file.initializers { initializers[tensor.name] = tensor }
  }

  /// The inputs that are not weights.
  var inputs: [ONNXValueInfo] { file.inputs.filter { initializers[$0.name] == nil } }

  /// Gives an input of the file its value before `run`; `batch` is the batch size that the file declares.
  mutating func bind(_ name: String, to value: ONNXOperand, batch: Int? = nil) {
    values[name] = value
    if case .image = value { recorder.declaredBatch = batch }
  }

  /// Imports every node and gives the outputs, nil for those that could not be computed.
  mutating func run() throws(ONNXError) -> [ONNXOperand?] {
    reportUnknownOperators()
    for node in file.nodes { visit(node) }
    var outputs: [ONNXOperand?] = []
    for name in file.outputs { outputs.append(values[name] ?? initializer(name)) }
    if !problems.isEmpty { throw .network(path: file.path, problems: problems) }
    return outputs
  }

  /// One line for each operator that the table lacks, with the nodes that need it.
  private mutating func reportUnknownOperators() {
    var places: [String: [String]] = [:]
    for node in file.nodes where ONNXOperators.all[node.qualifiedType] == nil {
      places[node.qualifiedType, default: []].append(node.path)
    }
    for (type, paths) in places.sorted(by: { $0.key < $1.key }) {
      let more = paths.count > 3 ? " and \(paths.count - 3) more" : ""
      let names = paths.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      problems.append("operator \(type) (opset \(opset)) is not supported: \(names)\(more)")
    }
  }

  private mutating func visit(_ node: ONNXNode) {
    guard let function = ONNXOperators.all[node.qualifiedType],
      !node.inputs.contains(where: missing.contains)
    else {
      missing.formUnion(node.outputs)
      return
    }
    do throws(ONNXProblem) {
      var reader = ONNXNodeReader(node, opset: opset, file: file, operands: try operands(of: node))
      let results = try function(&reader, &recorder)
      if !reader.unreadAttributes.isEmpty {
        let names = reader.unreadAttributes.map { "'\($0)'" }.joined(separator: ", ")
        throw ONNXProblem("attribute \(names) is not supported")
      }
      try keep(results, of: node)
    } catch {
      problems.append("\(node.qualifiedType) '\(node.path)' (opset \(opset)): \(error.text)")
      missing.formUnion(node.outputs)
    }
  }

  private mutating func operands(of node: ONNXNode) throws(ONNXProblem) -> [ONNXOperand?] {
    guard node.inputs.count <= 1 << 12, node.outputs.count <= 1 << 12 else {
      throw ONNXProblem("\(node.inputs.count) operands and \(node.outputs.count) results")
    }
    var operands: [ONNXOperand?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        operands.append(nil)
        continue
      }
      guard let operand = values[name] ?? initializer(name) else {
        if missing.contains(name) { throw ONNXProblem("the weight '\(name)' could not be read") }
        throw ONNXProblem("it reads '\(name)', which nothing before it makes")
      }
      operands.append(operand)
    }
    return operands
  }

  /// The elements of an initialiser, read when a node first needs them.
  private mutating func initializer(_ name: String) -> ONNXOperand? {
    guard let tensor = initializers[name], !missing.contains(name) else { return nil }
    do throws(FormatError) {
      let constant = try data.constant(tensor)
      if tensor.isExternal { recorder.allow(constant.count) }
      values[name] = .constant(constant)
      return values[name]
    } catch {
      problems.append(error.what + (error.got.map { ": got \($0)" } ?? ""))
      missing.insert(name)
      return nil
    }
  }

  private mutating func keep(_ results: [ONNXOperand], of node: ONNXNode) throws(ONNXProblem) {
    for (index, name) in node.outputs.enumerated() where !name.isEmpty {
      guard index < results.count else { continue }  // a mask, an index: missed where something reads it
      guard values[name] == nil, initializers[name] == nil else {
        throw ONNXProblem("its result '\(name)' exists already")
      }
      if case .constant(let constant) = results[index] { try recorder.charge(constant.count) }
      values[name] = results[index]
    }
  }
}
