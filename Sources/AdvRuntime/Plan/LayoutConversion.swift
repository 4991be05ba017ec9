import AdvGraph
import AdvTensor

extension Lowering {
  /// A copy of a node's value that serves the demand, made once, right after the value.
  mutating func convert(_ id: NodeID, to demand: Demand) -> SlotID {
    // Signs are taken from values that lie as the bits will.
    if demand == .bits { _ = slot(of: id, as: .view(halo: 0)) }
    let source = places[id].last { slots[$0].layout != .bits && slots[$0].layout != .indices }
    guard let source else { preconditionFailure("node \(id) is read before it is written") }
    let target = makeSlot(graph.nodes[id].type, layout(of: id, for: demand), region(of: id))
    at(max(phases[id], .build), graph.nodes[id].path) { $0.emitCopy(from: source, to: target) }
    places[id].append(target)
    return target
  }

  private func layout(of id: NodeID, for demand: Demand) -> Layout {
    switch demand {
    case .plain, .nothing: .plain
    case .planes: .planes(halo: planeHalo(of: id))
    case .view: viewLayout(of: id)
    case .bits: .bits
    }
  }

  /// A step that copies a map or vector from one layout to another.
  mutating func emitCopy(from source: SlotID, to target: SlotID) {
    let (from, to) = (slots[source], slots[target])
    switch (from.layout, to.layout) {
    case (.plain, .plain):
      let division: Division = from.type.multiplicity == .shared ? .whole : .images
      emit(
        CopyPlain(source: source, target: target, count: from.type.shape.elementCount, division: division))
    case (.blocked, .blocked): emit(PointwiseKernel(isa, ViewSpec(source, from), ViewSpec(target, to)))
    case (.blocked, .plain), (.blocked, .planes):
      emit(
        LayoutKernel(
          isa: isa, planes: PlanesSpec(target, to, as: from.type.shape), view: ViewSpec(source, from),
          isPacking: false))
    case (_, .blocked):
      emit(
        LayoutKernel(
          isa: isa, planes: PlanesSpec(source, from, as: to.type.shape), view: ViewSpec(target, to),
          isPacking: true))
    case (_, .bits):
      // Writing each value onto itself leaves only the signs as a result.
      var kernel = PointwiseKernel(isa, ViewSpec(source, from), ViewSpec(source, from))
      kernel.saved = MaskSpec(target, to.type)
      emit(kernel)
    default:
      emit(PlanarCopyKernel(isa: isa, source: PlanesSpec(source, from), target: PlanesSpec(target, to)))
    }
  }
}
