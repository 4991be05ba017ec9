import AdvGraph
import AdvTensor
import CKernels

extension Multiply: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.arithmeticDemands }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitArithmetic(.multiply, site)
  }
}

extension Subtract: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.arithmeticDemands }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitArithmetic(.subtract, site)
  }
}

extension ZerosLike: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isViewable ? [.nothing] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emit(ClearKernel(output: lowering.defineView(site.node).slot))
  }
}

extension Sigmoid: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isViewable ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      ActivationKernel(
        isa: site.isa, kind: .sigmoid, name: "sigmoid", input: input, output: lowering.defineView(site.node)))
  }
}

extension Tanh: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isViewable ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      ActivationKernel(
        isa: site.isa, kind: .tanh, name: "tanh", input: input, output: lowering.defineView(site.node)))
  }
}

extension Clip: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isViewable ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = ActivationKernel(
      isa: site.isa, kind: .clip, name: "clip", input: input, output: lowering.defineView(site.node))
    (kernel.a, kernel.b) = (self.lower, self.upper)
    lowering.emit(kernel)
  }
}

extension KeepWhereInside: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.arithmeticDemands }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let (cotangent, x) = (lowering.view(of: site.operands[0]), lowering.view(of: site.operands[1]))
    var kernel = ActivationKernel(
      isa: site.isa, kind: .clip, name: "keep where inside", input: cotangent,
      output: lowering.defineView(site.node))
    (kernel.a, kernel.b, kernel.saved) = (self.lower, self.upper, x)
    lowering.emit(kernel)
  }
}

extension Softmax: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isVector ? [.plain] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.slot(of: site.operands[0], as: .plain)
    lowering.emit(
      SoftmaxKernel(
        isa: site.isa, input: input, output: lowering.define(site.node, .plain),
        features: site.result.shape[0]))
  }
}

extension LoweringSite {
  /// Both operands as views of one pitch, where both exist for every image.
  fileprivate var arithmeticDemands: [Demand]? {
    types.allSatisfy(\.isViewable) ? [.view(halo: 0), .view(halo: 0)] : nil
  }
}

extension Lowering {
  /// Both operands and the result with one pitch: the arithmetic then runs over memory from end to end.
  fileprivate mutating func emitArithmetic(_ operation: ArithmeticKernel.Operation, _ site: LoweringSite) {
    let operands = site.operands.map { slot(of: $0, as: .view(halo: 0)) }
    let layouts = operands.map { slots[$0].layout }
    guard layouts[0] == layouts[1] else {
      let plain = site.operands.map { slot(of: $0, as: .plain) }
      emitArithmetic(operation, plain, define(site.node, .plain), site.result.shape.elementCount)
      return
    }
    let output = makeSlot(site.result, layouts[0], region(of: site.node))
    places[site.node].append(output)
    emitArithmetic(operation, operands, output, slots[output].bytes / 4)
  }

  private mutating func emitArithmetic(
    _ operation: ArithmeticKernel.Operation, _ operands: [SlotID], _ output: SlotID, _ count: Int
  ) {
    emit(
      ArithmeticKernel(
        operation: operation, left: operands[0], right: operands[1], output: output, count: count))
  }
}
