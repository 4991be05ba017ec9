import AdvGraph
import AdvTensor

extension ErrorFunction: ONNXUnary { static var onnxName: String { "Erf" } }
extension Exponential: ONNXUnary { static var onnxName: String { "Exp" } }
extension HardSwish: ONNXUnary { static var onnxName: String { "HardSwish" } }

extension HardSigmoid: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let line: [(String, ONNXAttributeValue)] = [("alpha", .float(1 / 6)), ("beta", .float(0.5))]
    file.node("HardSigmoid", [file.name(site.operands[0])], line, at: site)
  }
}

extension SiLU: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let x = file.name(site.operands[0])
    let gate = file.node("Sigmoid", [x], at: site, part: "gate")
    file.node("Mul", [x, gate], at: site)
  }
}

extension GELU: ONNXExportable {
  // x · (1 + erf(x / √2)) / 2: an operator of its own only since opset 20.
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let x = file.name(site.operands[0])
    let root = file.scalar(Float(0.5.squareRoot()), site)
    let share = file.node("Mul", [x, root], at: site, part: "share")
    let error = file.node("Erf", [share], at: site, part: "error")
    let sum = file.node("Add", [error, file.scalar(1, site)], at: site, part: "sum")
    let half = file.node("Mul", [x, file.scalar(0.5, site)], at: site, part: "half")
    file.node("Mul", [half, sum], at: site)
  }
}

extension LayerNorm: ONNXExportable {
  // ONNX normalises over the last axes: others are moved there and back.
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let rank = site.types[0].shape.rank
    let order = (0..<rank).filter { !axes.contains($0) } + axes
    let isLast = order == Array(0..<rank)
    let batched = { (order: [Int]) in [("perm", ONNXAttributeValue.integers([0] + order.map { $0 + 1 }))] }
    var x = file.name(site.operands[0])
    if !isLast { x = file.node("Transpose", [x], batched(order), at: site, part: "moved") }
    let attributes: [(String, ONNXAttributeValue)] = [
      ("axis", .integer(-axes.count)), ("epsilon", .float(Float(epsilon))),
    ]
    let operands = [x, file.name(site.operands[1]), file.name(site.operands[2])]
    let result = file.node(
      "LayerNormalization", operands, attributes, at: site, part: isLast ? nil : "normalised")
    if isLast { return }
    file.node("Transpose", [result], batched(order.indices.sorted { order[$0] < order[$1] }), at: site)
  }
}

extension MatrixProduct: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    var names: [String] = []
    for (index, isTransposed) in [transposesLeft, transposesRight].enumerated() {
      let name = file.name(site.operands[index])
      let type = site.types[index]
      let rank = type.shape.rank + (type.multiplicity == .perImage ? 1 : 0)
      let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
      names.append(
        isTransposed
          ? file.node("Transpose", [name], [("perm", .integers(order))], at: site, part: "turned") : name)
    }
    let product = file.node("MatMul", names, at: site, part: factor == 1 ? nil : "product")
    if factor != 1 { file.node("Mul", [product, file.scalar(Float(factor), site)], at: site) }
  }
}
