import AdvAttacks
import AdvFormats
import AdvGraph
import AdvModels
import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

/// y = [x₀ + x₁, x₀ − x₁] as an ONNX file.
private func network(_ folder: String) throws -> String {
  let builder = GraphBuilder()
  let x = builder.input("image", TensorType([2]))
  let matrix = builder.constant(Tensor([2, 2], [1, 1, 1, -1]), path: "w")
  let graph = try builder.finish([x.apply(Linear(), matrix)])
  try ONNXExport.write(graph, named: "n", to: "\(folder)/net.onnx")
  return "\(folder)/net.onnx"
}

private func property(_ output: String) throws -> VNNLibProperty {
  let text = """
    (declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)
    (assert (>= X_0 1))(assert (<= X_0 3))(assert (>= X_1 -0.5))(assert (<= X_1 0.25))
    (assert \(output))
    """
  return try VNNLibProperty.decode(Array(text.utf8))
}

@Suite struct PropertySearchTests {
  /// y₀ ≤ 3.25 and y₁ ≤ 3.5 in the box; the corner that reaches a bound is known.
  @Test(arguments: [
    ("(>= Y_0 3.2)", true), ("(>= Y_0 3.3)", false), ("(>= Y_1 3.4)", true), ("(<= Y_1 0.76)", true),
    ("(<= Y_1 0.74)", false), ("(or (>= Y_0 9) (and (>= Y_1 3.4) (<= Y_0 2.6)))", true),
    ("(and (>= Y_1 3.4) (>= Y_0 2.7))", false), ("(>= Y_0 3.24999)", false),
  ])
  func `what a corner of the box reaches is found, and nothing else`(_ output: String, _ exists: Bool) throws
  {
    let scratch = try Scratch()
    let question = try property(output)
    let model = try PropertySearch.model(at: try network(scratch.path), for: question).model
    let search = try PropertySearch(question, of: model)
    let found = try search.run(try AttackCatalog.attack("pgd:steps=50,restarts=2,loss=margin"))
    #expect((found != nil) == exists)
    guard let found else { return }
    #expect((1...3).contains(found.inputs[0]) && (-0.5...0.25).contains(found.inputs[1]))
    #expect(found.outputs == [found.inputs[0] + found.inputs[1], found.inputs[0] - found.inputs[1]])
    #expect(found.slack >= PropertySearch.margin / 2)
  }

  @Test func `a property of another network is refused`() throws {
    let scratch = try Scratch()
    let path = try network(scratch.path)
    let text =
      "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
      + "(assert (<= X_0 1))(assert (>= X_0 0))(assert (<= X_1 1))(assert (>= X_1 0))"
    let question = try VNNLibProperty.decode(Array(text.utf8))
    let model = try PropertySearch.model(at: path, for: question).model
    #expect(throws: ModelError.self) { try PropertySearch(question, of: model) }
  }
}
