import AdvGraph
import AdvRuntime
import AdvTensor

/// Where the plan of an operator, forward and backward, differs from the interpreter in Double; nothing if the
/// list is empty.
///
/// The operands that exist once are weights that change between runs, or, where `isFrozen`, constants.
public func checkPlan(
  of subject: OperatorCase, images: [Int] = [0, 1, 3, 8, 9], isFrozen: Bool, on set: InstructionSet
) -> [String] {
  images.flatMap { count -> [String] in
    let values = subject.draw(images: count)
    do {
      var graph = try subject.graph()
      if isFrozen {
        graph = try graph.binding(
          Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, values[$0.name]!.tensor) }))
      }
      let targets = graph.nodes.indices.filter { id in
        graph.nodes[id].operation == nil
          && subject.targets.contains { OperatorCase.name($0) == graph.nodes[id].path }
      }
      let whole = try graph.differentiated(graph.outputs[0], toward: targets)
      return try comparePlan(of: whole, values, images: count, on: set)
        .map { "\(subject), \(count) images, \(set): \($0)" }
    } catch {
      return ["\(subject): \(error)"]
    }
  }
}

/// Where a plan of a graph with an input `cotangent` differs from the interpreter in Double.
///
/// `values` holds inputs and weights by name; the cotangent is drawn. `tolerance` bounds the relative error of
/// every output in the L2 norm.
public func comparePlan(
  of graph: Graph, _ values: [String: ReferenceTensor<Double>], images: Int, on set: InstructionSet,
  precision: Precision = .exact, pool: WorkerPool = WorkerPool(threads: 1), tolerance: Double = 1e-5
) throws -> [String] {
  var values = values
  for input in graph.inputs where values[input.name] == nil {
    var stream = RandomStream(seed: 77)
    let drawn = ReferenceTensor<Double>(zeros: graph.nodes[input.id].type, images: images)
      .map { _ in Double(stream.uniform(-1, 1)) }
    values[input.name] = drawn
  }
  let expected = try Interpreter<Double>(graph).run(values, parameters: values, images: images)
  let plan = try Plan(graph, instructionSet: set, precision: precision)
  let session = Session(plan, pool: pool)
  func tensors(_ ports: [Plan.Port]) -> [Tensor] { ports.compactMap { values[$0.name]?.tensor } }
  var (forward, backward): ([Tensor], [Tensor]) = ([], [])
  try session.forward(
    tensors(plan.inputs.filter { !$0.isBackward }), parameters: tensors(plan.parameters), into: &forward)
  try session.backward(tensors(plan.inputs.filter(\.isBackward)), into: &backward)
  var problems: [String] = []
  for (position, port) in plan.outputs.enumerated() {
    let tensor = port.isBackward ? backward.removeFirst() : forward.removeFirst()
    let error = relativeError(tensor, expected[position])
    if !(error <= tolerance) { problems.append("output \(position) is off by \(error)") }
  }
  return problems
}

/// ‖a − b‖₂ / ‖b‖₂, where ‖b‖₂ counts as at least 0.1: a gradient that is zero but for rounding has no
/// direction. Infinite where the shapes differ.
public func relativeError(_ a: Tensor, _ b: ReferenceTensor<Double>) -> Double {
  let shape = b.type.multiplicity == .perImage ? b.type.shape.prepending(b.images) : b.type.shape
  guard a.shape == shape else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  a.withElements { elements in
    for (left, right) in zip(elements, b.elements) {
      difference += (Double(left) - right) * (Double(left) - right)
      norm += right * right
    }
  }
  return difference.squareRoot() / max(norm.squareRoot(), 0.1)
}
