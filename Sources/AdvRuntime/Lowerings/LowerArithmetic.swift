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
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isForEachImage ? [.nothing] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emit(ClearKernel(output: lowering.defineView(site.node).slot))
  }
}

extension LoweringSite {
  /// Both operands as views of one pitch where both exist for every image, plain where one is shared.
  var arithmeticDemands: [Demand]? {
    guard result.isForEachImage else { return nil }
    return types.map { _ in demandsPlain ? .plain : .view(halo: 0) }
  }

  /// Whether an operand exists once for all images.
  var demandsPlain: Bool { !types.allSatisfy(\.isForEachImage) }
}

extension Lowering {
  /// Both operands and the result with one pitch: the arithmetic then runs over memory from end to end.
  fileprivate mutating func emitArithmetic(_ operation: ArithmeticKernel.Operation, _ site: LoweringSite) {
    if site.demandsPlain { return emitPlainArithmetic(operation, site) }
    let operands = site.operands.map { slot(of: $0, as: .view(halo: 0)) }
    let layouts = operands.map { slots[$0].layout }
    guard layouts[0] == layouts[1] else { return emitPlainArithmetic(operation, site) }
    let output = makeSlot(site.result, layouts[0], region(of: site.node))
    places[site.node].append(output)
    emitArithmetic(operation, operands, output, slots[output].bytes / 4)
  }

  /// Both operands and the result row-major.
  mutating func emitPlainArithmetic(_ operation: ArithmeticKernel.Operation, _ site: LoweringSite) {
    let plain = site.operands.map { slot(of: $0, as: .plain) }
    emitArithmetic(operation, plain, define(site.node, .plain), site.result.shape.elementCount)
  }

  private mutating func emitArithmetic(
    _ operation: ArithmeticKernel.Operation, _ operands: [SlotID], _ output: SlotID, _ count: Int
  ) {
    emit(
      ArithmeticKernel(
        operation: operation, left: operands[0], right: operands[1], output: output, count: count))
  }
}
