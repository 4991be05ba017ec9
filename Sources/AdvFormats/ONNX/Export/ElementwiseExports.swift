import AdvGraph
import AdvTensor

/// An operator of one operand that ONNX knows under another name.
protocol ONNXUnary: ONNXExportable {
  static var onnxName: String { get }
}

extension ONNXUnary {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    file.node(Self.onnxName, [file.name(site.operands[0])], at: site)
  }
}

extension ReLU: ONNXUnary { static var onnxName: String { "Relu" } }
extension Sigmoid: ONNXUnary { static var onnxName: String { "Sigmoid" } }
extension Tanh: ONNXUnary { static var onnxName: String { "Tanh" } }

/// An operator of two operands, of which a constant one spreads over the batch.
protocol ONNXBinary: ONNXExportable {
  static var onnxName: String { get }
}

extension ONNXBinary {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let names = site.operands.map { file.name($0) }
    file.node(Self.onnxName, names, at: site)
  }
}

extension Add: ONNXBinary { static var onnxName: String { "Add" } }
extension Subtract: ONNXBinary { static var onnxName: String { "Sub" } }
extension Multiply: ONNXBinary { static var onnxName: String { "Mul" } }

extension Clip: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let bounds = [lower, upper].map { $0.isFinite ? file.scalar($0, site) : "" }
    file.node("Clip", [file.name(site.operands[0])] + bounds, at: site)
  }
}

extension ScaleShift: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let ones = [Int](repeating: 1, count: site.types[0].shape.rank - 1)
    let spread = { (id: NodeID, file: inout ONNXGraphWriter) in
      let tensor = file.constant(id)
      return file.floats(Shape([tensor.count] + ones), tensor, named: site.result + ".channels")
    }
    let scale = spread(site.operands[1], &file)
    let product = file.node("Mul", [file.name(site.operands[0]), scale], at: site, part: "scaled")
    file.node("Add", [product, spread(site.operands[2], &file)], at: site)
  }
}

extension ScaledPower: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let x = file.name(site.operands[0])
    let power = power(of: x, site, part: factor == 1 ? nil : "power", &file)
    if factor != 1 { file.node("Mul", [power, file.scalar(Float(factor), site)], at: site) }
  }

  private func power(
    of x: String, _ site: ONNXSite, part: String?, _ file: inout ONNXGraphWriter
  ) -> String {
    switch exponent {
    case 0.5: file.node("Sqrt", [x], at: site, part: part)
    case -1: file.node("Reciprocal", [x], at: site, part: part)
    default: file.node("Pow", [x, file.scalar(Float(exponent), site)], at: site, part: part)
    }
  }
}

extension Softmax: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    file.node("Softmax", [file.name(site.operands[0])], [("axis", .integer(axis + 1))], at: site)
  }
}

extension LogSoftmax: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    file.node("LogSoftmax", [file.name(site.operands[0])], [("axis", .integer(axis + 1))], at: site)
  }
}
