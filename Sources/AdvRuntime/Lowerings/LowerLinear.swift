import AdvGraph
import AdvTensor
import CKernels

extension Linear: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isVector ? site.operands.map { _ in .plain } : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitLinear(site, .forward, from: site.types[0], to: site.result)
  }
}

extension LinearInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isVector ? [.plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitLinear(site, .inputGradient, from: site.types[0], to: site.result)
  }
}

extension Lowering {
  fileprivate mutating func emitLinear(
    _ site: LoweringSite, _ direction: AdvkDirection, from input: TensorType, to output: TensorType
  ) {
    let weights = packedLinearWeights(site.operands[1], direction)
    let source = slot(of: site.operands[0], as: .plain)
    let bias = site.operands.count == 3 ? slot(of: site.operands[2], as: .plain) : nil
    emit(
      LinearKernel(
        isa: isa, direction: direction, input: source, output: define(site.node, .plain),
        weights: weights, bias: bias, inputFeatures: input.shape[0], outputFeatures: output.shape[0]))
  }

  private mutating func packedLinearWeights(_ id: NodeID, _ direction: AdvkDirection) -> SlotID {
    let key = SharedResult.packed(id, direction, nil)
    if let known = shared[key] { return known }
    let (outputs, inputs) = (graph.nodes[id].type.shape[0], graph.nodes[id].type.shape[1])
    let source = slot(of: id, as: .plain)
    let bytes = advk_linear_weights_size(isa, inputs, outputs, direction) * 4
    let packed = makeSlot(graph.nodes[id].type, .opaque(bytes: bytes), region(of: id))
    at(phases[id], graph.nodes[id].path) {
      $0.emit(
        PackLinearWeights(
          isa: $0.isa, direction: direction, weights: source, packed: packed, inputFeatures: inputs,
          outputFeatures: outputs))
    }
    shared[key] = packed
    return packed
  }
}
