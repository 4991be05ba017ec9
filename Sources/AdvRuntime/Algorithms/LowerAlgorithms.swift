import AdvGraph
import AdvTensor
import CKernels

extension ArithmeticConvolution: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isMap && problem(at: site) != nil ? site.operands.map { _ in .plain } : nil
  }

  func isResultPlanar(at site: LoweringSite) -> Bool { true }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    guard let problem = problem(at: site) else { return }
    lowering.emitAlgorithm(arithmetic, problem, .forward, site)
  }

  private func problem(at site: LoweringSite) -> ConvolutionProblem? {
    ConvolutionProblem(
      convolution, weight: site.types[1].shape, input: site.types[0].shape, output: site.result.shape
    ).nonempty
  }
}

extension ArithmeticConvolutionInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isMap && problem(at: site) != nil ? [.plain, .plain] : nil
  }

  func isResultPlanar(at site: LoweringSite) -> Bool { true }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    guard let problem = problem(at: site) else { return }
    lowering.emitAlgorithm(arithmetic, problem, .inputGradient, site)
  }

  private func problem(at site: LoweringSite) -> ConvolutionProblem? {
    ConvolutionProblem(
      gradient.convolution, weight: site.types[1].shape, input: gradient.input, output: site.types[0].shape
    ).nonempty
  }
}

extension ArithmeticLinear: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isVector && site.types[1].shape.elementCount > 0
      ? site.operands.map { _ in .plain } : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let weight = site.types[1].shape
    let problem = ConvolutionProblem(inputs: weight[1], outputs: weight[0])
    lowering.emitAlgorithm(arithmetic, problem, .forward, site)
  }
}

extension ArithmeticLinearInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isVector && site.types[1].shape.elementCount > 0 ? [.plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let weight = site.types[1].shape
    let problem = ConvolutionProblem(inputs: weight[1], outputs: weight[0])
    lowering.emitAlgorithm(arithmetic, problem, .inputGradient, site)
  }
}

extension ConvolutionProblem {
  /// The problem if there is anything to compute.
  fileprivate var nonempty: ConvolutionProblem? {
    weightCount * inputPixels * outputPixels > 0 ? self : nil
  }
}

extension Lowering {
  /// The steps of a layer in one direction: weights prepared once for both, then image by image.
  fileprivate mutating func emitAlgorithm(
    _ arithmetic: Arithmetic, _ problem: ConvolutionProblem, _ direction: AdvkDirection, _ site: LoweringSite
  ) {
    guard let algorithm = arithmetic.algorithm(for: problem) else {
      preconditionFailure("\(arithmetic) has kernels of its own")
    }
    let weights = preparedWeights(site.operands[1], arithmetic, algorithm)
    let scratch = makeSlot(
      TensorType([1], .shared), .opaque(bytes: algorithm.scratchBytes), .worker)
    let input = slot(of: site.operands[0], as: .plain)
    let bias =
      direction == .forward && site.operands.count == 3 ? slot(of: site.operands[2], as: .plain) : nil
    emit(
      AlgorithmKernel(
        arithmetic: arithmetic, algorithm: algorithm, direction: direction, input: input,
        output: define(site.node, .plain), weights: weights, scratch: scratch, bias: bias))
  }

  private mutating func preparedWeights(
    _ id: NodeID, _ arithmetic: Arithmetic, _ algorithm: any ConvolutionAlgorithm
  ) -> SlotID {
    let key = SharedResult.prepared(id, arithmetic)
    if let known = shared[key] { return known }
    let source = slot(of: id, as: .plain)
    let bytes = algorithm.problem.groups * Slot.aligned(algorithm.preparedBytes, to: 64)
    let prepared = makeSlot(graph.nodes[id].type, .opaque(bytes: bytes), region(of: id))
    at(phases[id], graph.nodes[id].path) {
      $0.emit(
        PrepareWeights(arithmetic: arithmetic, algorithm: algorithm, weights: source, prepared: prepared))
    }
    shared[key] = prepared
    return prepared
  }
}

/// A layer in one of the textbooks' algorithms, in one direction.
struct AlgorithmKernel: Kernel {
  let arithmetic: Arithmetic
  let algorithm: any ConvolutionAlgorithm
  let direction: AdvkDirection
  let input: SlotID
  let output: SlotID
  let weights: SlotID
  let scratch: SlotID
  let bias: SlotID?
  let division = Division.images

  var text: String {
    let kernel = algorithm.problem.kernel
    return (direction == .forward ? "convolution " : "convolution input gradient ")
      + "\(kernel.height)×\(kernel.width) \(arithmetic.rawValue)" + (bias == nil ? "" : " + bias")
  }
  var reads: [SlotID] { [input, weights] + (bias.map { [$0] } ?? []) }
  var writes: [SlotID] { [output, scratch] }

  func run(_ memory: Memory, _ images: Int) {
    let problem = algorithm.problem
    let (scratch, prepared) = (memory.bytes(scratch), memory.bytes(weights))
    let preparedStride = Slot.aligned(algorithm.preparedBytes, to: 64)
    let (inputs, outputs) = (problem.inputs * problem.inputPixels, problem.outputs * problem.outputPixels)
    for image in 0..<images {
      let from = memory.floats(input) + image * memory.stride(input)
      let to = memory.floats(output) + image * memory.stride(output)
      for group in 0..<problem.groups {
        let weights = prepared + group * preparedStride
        switch direction {
        case .forward:
          algorithm.forward(
            from + group * inputs, group: group, weights, scratch, into: to + group * outputs)
        case .inputGradient:
          algorithm.inputGradient(
            from + group * outputs, group: group, weights, scratch, into: to + group * inputs)
        }
      }
      if let bias { add(memory.floats(bias), to: to) }
    }
  }

  private func add(_ bias: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    let pixels = algorithm.problem.outputPixels
    for channel in 0..<algorithm.problem.outputs * algorithm.problem.groups {
      let (value, plane) = (bias[channel], y + channel * pixels)
      for pixel in 0..<pixels { plane[pixel] += value }
    }
  }
}

/// Brings weights into the form that an algorithm reads.
struct PrepareWeights: Kernel {
  let arithmetic: Arithmetic
  let algorithm: any ConvolutionAlgorithm
  let weights: SlotID
  let prepared: SlotID
  let division = Division.whole

  var text: String { "prepare weights for \(arithmetic.rawValue)" }
  var reads: [SlotID] { [weights] }
  var writes: [SlotID] { [prepared] }

  func run(_ memory: Memory, _ images: Int) {
    let (from, to) = (memory.floats(weights), memory.bytes(prepared))
    let stride = Slot.aligned(algorithm.preparedBytes, to: 64)
    for group in 0..<algorithm.problem.groups {
      algorithm.prepare(
        from + group * algorithm.problem.weightCount, group: group, into: to + group * stride)
    }
  }
}

extension ArithmeticConvolution: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * result.shape.elementCount * operands[1].shape.droppingFirst().elementCount
  }
}

extension ArithmeticConvolutionInputGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[0].shape.elementCount * operands[1].shape.droppingFirst().elementCount
  }
}

extension ArithmeticLinear: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[1].shape.elementCount
  }
}

extension ArithmeticLinearInputGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[1].shape.elementCount
  }
}
