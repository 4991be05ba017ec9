import AdvGraph
import AdvTensor

/// What is wrong with an operator on batches of these sizes; nothing if the list is empty.
///
/// Checked: the evaluated type is the declared one, and every pullback agrees with central differences in
/// Double to 1e-6 of the gradient's norm.
public func checkOperator(_ subject: OperatorCase, images: [Int] = [0, 1, 3]) -> [String] {
  do throws(GraphError) {
    let graph = try subject.graph()
    let targets = graph.nodes.indices.filter { id in
      subject.targets.contains { OperatorCase.name($0) == graph.nodes[id].path && !graph.isComputed(id) }
    }
    var problems: [String] = []
    for count in images {
      let found = try checkGradients(graph, toward: targets, at: subject.draw(images: count), images: count)
      problems += found.map { "\(subject), \(count) images: \($0)" }
    }
    return problems
  } catch {
    return ["\(subject): \(error)"]
  }
}

/// Where the gradients of a graph's first output toward `targets` differ from central differences.
///
/// `values` holds inputs and parameters by name. The output is contracted with a fixed random cotangent.
public func checkGradients(
  _ graph: Graph, toward targets: [NodeID], at values: [String: ReferenceTensor<Double>], images: Int,
  tolerance: Double = 1e-6
) throws(GraphError) -> [String] {
  let output = try run(graph, values, images: images)[0]
  let declared = graph.nodes[graph.outputs[0]].type
  if output.type != declared { return ["evaluated to \(output.type), declared \(declared)"] }
  var stream = RandomStream(seed: 99)
  let cotangent = output.map { _ in Double(stream.uniform(-1, 1)) }

  let gradientGraph = try graph.differentiated(graph.outputs[0], toward: targets)
  var seeded = values
  seeded["cotangent"] = cotangent
  let gradients = try run(gradientGraph, seeded, images: images).dropFirst(graph.outputs.count)

  var problems: [String] = []
  for (target, gradient) in zip(targets, gradients) {
    let name = graph.nodes[target].path
    let numeric = try centralDifferences(graph, of: name, at: values, images: images, cotangent)
    let error = norm(zip(gradient.elements, numeric).map { $0 - $1 })
    if !(error <= tolerance * max(norm(numeric), 1e-3)) {
      problems.append("gradient toward '\(name)' is off by \(error), its norm is \(norm(numeric))")
    }
  }
  return problems
}

/// ∂⟨cotangent, output⟩ / ∂element for each element of one value: (f(x + h) − f(x − h)) / 2h.
private func centralDifferences(
  _ graph: Graph, of name: String, at values: [String: ReferenceTensor<Double>], images: Int,
  _ cotangent: ReferenceTensor<Double>
) throws(GraphError) -> [Double] {
  let step = 1e-5  // truncation error near 1e-10, rounding error near 1e-11; few kinks are this close
  var moved = values
  func objective(_ element: Int, _ distance: Double) throws(GraphError) -> Double {
    let here = moved[name]?.elements[element] ?? 0
    moved[name]?.elements[element] = here + distance
    defer { moved[name]?.elements[element] = here }
    let output = try run(graph, moved, images: images)[0]
    return zip(output.elements, cotangent.elements).reduce(0) { $0 + $1.0 * $1.1 }
  }
  return try (0..<(values[name]?.elements.count ?? 0)).map { element throws(GraphError) in
    (try objective(element, step) - objective(element, -step)) / (2 * step)
  }
}

private func run(
  _ graph: Graph, _ values: [String: ReferenceTensor<Double>], images: Int
) throws(GraphError) -> [ReferenceTensor<Double>] {
  try Interpreter<Double>(graph).run(values, parameters: values, images: images)
}

private func norm(_ elements: [Double]) -> Double { elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }

extension Graph {
  fileprivate func isComputed(_ id: NodeID) -> Bool { nodes[id].operation != nil }
}
