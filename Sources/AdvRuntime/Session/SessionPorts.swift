import AdvGraph
import AdvTensor

/// The places where a plan meets the caller's tensors, and the checks of what is given there.
struct SessionPorts {
  /// What belongs to the forward pass.
  let forward: PassPorts
  /// What belongs to the backward pass.
  let backward: PassPorts
  /// The position of the first weight: weights follow the inputs.
  let firstParameter: Int
  private let parameters: [Plan.Port]

  init(_ plan: Plan) {
    forward = PassPorts(plan, isBackward: false)
    backward = PassPorts(plan, isBackward: true)
    firstParameter = plan.inputs.count
    parameters = plan.parameters
  }

  /// The batch size of a forward pass, where everything fits.
  func checkForward(_ inputs: [Tensor], _ weights: [Tensor]) throws(SessionError) -> Int {
    if weights.count != parameters.count {
      throw SessionError("\(weights.count) weights, the plan takes \(parameters.count)")
    }
    for (tensor, port) in zip(weights, parameters) where tensor.shape != port.type.shape {
      throw SessionError("weight '\(port.name)' is \(tensor.shape), expected \(port.type.shape)")
    }
    let images = zip(inputs, forward.inputPorts).first { $0.1.type.multiplicity == .perImage }
    let count = images?.0.rowCount ?? 1
    try forward.check(inputs, images: count)
    return count
  }
}

/// The ports of one pass.
struct PassPorts {
  /// Positions among the inputs of the plan.
  let inputs: [Int]
  /// Positions among the outputs of the plan.
  let outputs: [Int]
  let inputPorts: [Plan.Port]
  let outputPorts: [Plan.Port]

  init(_ plan: Plan, isBackward: Bool) {
    inputs = plan.inputs.indices.filter { plan.inputs[$0].isBackward == isBackward }
    outputs = plan.outputs.indices.filter { plan.outputs[$0].isBackward == isBackward }
    inputPorts = inputs.map { plan.inputs[$0] }
    outputPorts = outputs.map { plan.outputs[$0] }
  }

  /// Throws unless there is a fitting tensor for every input.
  func check(_ tensors: [Tensor], images: Int) throws(SessionError) {
    if tensors.count != inputPorts.count {
      throw SessionError("\(tensors.count) inputs, the pass takes \(inputPorts.count)")
    }
    for (tensor, port) in zip(tensors, inputPorts) where !port.type.holds(tensor, images: images) {
      throw SessionError("input '\(port.name)' is \(tensor.shape), expected \(images) × \(port.type)")
    }
  }

  /// The batch size, where the pass has one input and one result for every image and `tensor` fits.
  func checkSingle(_ tensor: Tensor, weights: Int) throws(SessionError) -> Int {
    guard inputPorts.count == 1, outputPorts.count == 1, weights == 0 else {
      throw SessionError(
        "the pass has \(inputPorts.count) inputs, \(weights) weights and \(outputPorts.count) results; "
          + "give them as lists")
    }
    guard inputPorts[0].type.holds(tensor, images: tensor.rowCount) else {
      throw SessionError("input '\(inputPorts[0].name)' is \(tensor.shape), expected \(inputPorts[0].type)")
    }
    return tensor.rowCount
  }

  /// Makes every result a tensor of the right shape; fitting ones are kept.
  func prepare(_ results: inout [Tensor], _ images: Int) {
    if results.count != outputPorts.count {
      results = outputPorts.map { Tensor($0.type.tensorShape(images: images)) }
    }
    for index in outputPorts.indices { prepare(&results[index], index, images) }
  }

  /// Makes one result a tensor of the right shape.
  func prepare(_ result: inout Tensor, _ index: Int, _ images: Int) {
    let type = outputPorts[index].type
    if !type.holds(result, images: images) { result = Tensor(type.tensorShape(images: images)) }
  }
}

extension TensorType {
  /// The shape of the tensor that holds such a value for a batch.
  func tensorShape(images: Int) -> Shape { multiplicity == .perImage ? shape.prepending(images) : shape }

  /// Whether the tensor's shape is `tensorShape(images:)`; allocates nothing.
  func holds(_ tensor: Tensor, images: Int) -> Bool {
    let leading = multiplicity == .perImage ? 1 : 0
    guard tensor.shape.rank == shape.rank + leading, leading == 0 || tensor.shape[0] == images else {
      return false
    }
    for axis in 0..<shape.rank where tensor.shape[axis + leading] != shape[axis] { return false }
    return true
  }
}
