import AdvGraph
import AdvTensor
import CKernels

extension FusedConvolution: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard let plan = plan(at: site) else { return nil }
    let halo = plan.halo(.forward)
    var demands: [Demand] = [plan.kind == .stem ? .planes(halo: halo) : .view(halo: halo), .plain]
    if hasBias { demands.append(.plain) }
    if addsResidual { demands.append(.view(halo: 0)) }
    return demands
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    guard let plan = plan(at: site) else { return }
    let weights = lowering.packedWeights(site.operands[1], plan, .forward)
    var epilogue = Epilogue(rectifies: rectifies)
    if hasBias { epilogue.bias = lowering.slot(of: site.operands[2], as: .plain) }
    if addsResidual { epilogue.residual = lowering.view(of: site.operands[site.operands.count - 1]) }
    if plan.kind == .stem {
      let image = lowering.planes(of: site.operands[0], halo: plan.halo(.forward))
      let output = lowering.defineView(site.node)
      epilogue.saved = lowering.defineBits(site.node)
      lowering.emit(
        StemKernel(
          plan: plan, direction: .forward, image: image, features: output, weights: weights,
          epilogue: epilogue))
    } else {
      let input = lowering.view(of: site.operands[0], halo: plan.halo(.forward))
      let output = lowering.defineView(site.node)
      epilogue.saved = lowering.defineBits(site.node)
      lowering.emitConvolution(plan, .forward, from: input, to: output, weights, epilogue)
    }
  }

  private func plan(at site: LoweringSite) -> ConvolutionPlan? {
    guard site.types[0].isMap, site.types[1].shape.fitsKernels else { return nil }
    return ConvolutionPlan(
      convolution, weight: site.types[1].shape, input: site.types[0].shape, output: site.result.shape,
      isStem: site.isStem && site.isPlanar[0], isa: site.isa,
      precision: site.precision)
  }
}

extension FusedConvolutionInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard let plan = plan(at: site) else { return nil }
    var demands: [Demand] = [.view(halo: plan.halo(.inputGradient)), .plain]
    if addsSkip { demands.append(.view(halo: 0)) }
    if masks { demands.append(.bits) }
    return demands
  }

  func isResultPlanar(at site: LoweringSite) -> Bool { plan(at: site)?.kind == .stem }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    guard let plan = plan(at: site) else { return }
    let weights = lowering.packedWeights(site.operands[1], plan, .inputGradient)
    let cotangent = lowering.view(of: site.operands[0], halo: plan.halo(.inputGradient))
    if plan.kind == .stem {
      let image = lowering.definePlanes(site.node)
      lowering.emit(
        StemKernel(
          plan: plan, direction: .inputGradient, image: image, features: cotangent, weights: weights,
          epilogue: Epilogue()))
      return
    }
    var epilogue = Epilogue()
    if addsSkip { epilogue.residual = lowering.view(of: site.operands[2]) }
    if masks { epilogue.applied = lowering.bits(of: site.operands[site.operands.count - 1]) }
    let output = lowering.defineView(site.node)
    lowering.emitConvolution(plan, .inputGradient, from: cotangent, to: output, weights, epilogue)
  }

  private func plan(at site: LoweringSite) -> ConvolutionPlan? {
    guard site.types[0].isMap, site.types[1].shape.fitsKernels else { return nil }
    return ConvolutionPlan(
      gradient.convolution, weight: site.types[1].shape, input: gradient.input,
      output: site.types[0].shape, isStem: site.isStem && !addsSkip && !masks, isa: site.isa,
      precision: site.precision)
  }
}

extension Shape {
  /// Whether the kernels take weights of this shape: they hold the offsets of at most 1,024 taps.
  fileprivate var fitsKernels: Bool { self[2] * self[3] <= 1024 && elementCount > 0 }
}

extension Lowering {
  /// Weights in the order of one direction's kernel, packed once.
  mutating func packedWeights(
    _ id: NodeID, _ plan: ConvolutionPlan, _ direction: AdvkDirection
  ) -> SlotID {
    // Depthwise weights lie alike in both directions.
    let key = SharedResult.packed(id, plan.kind == .depthwise ? .forward : direction, plan.kind)
    if let known = shared[key] { return known }
    let source = slot(of: id, as: .plain)
    let packed = makeSlot(
      graph.nodes[id].type, .opaque(bytes: plan.weightCount(direction) * 4), region(of: id))
    at(phases[id], graph.nodes[id].path) {
      $0.emit(PackConvolutionWeights(plan: plan, direction: direction, weights: source, packed: packed))
    }
    shared[key] = packed
    return packed
  }

  /// The step of a convolution between blocked maps.
  mutating func emitConvolution(
    _ plan: ConvolutionPlan, _ direction: AdvkDirection, from input: ViewSpec, to output: ViewSpec,
    _ weights: SlotID, _ epilogue: Epilogue
  ) {
    guard plan.kind == .winograd || plan.kind == .bf16 else {
      emit(
        ConvolutionKernel(
          plan: plan, direction: direction, input: input, output: output, weights: weights,
          epilogue: epilogue, groups: plan.groups))
      return
    }
    let type = TensorType(slots[output.slot].type.shape, .shared)
    let scratch = makeSlot(type, .opaque(bytes: plan.scratchCount(direction) * 4), .worker)
    emit(
      ScratchConvolutionKernel(
        plan: plan, direction: direction, input: input, output: output, weights: weights, scratch: scratch,
        epilogue: epilogue, groups: plan.groups))
  }

  /// An operand as planes.
  mutating func planes(of id: NodeID, halo: Int) -> PlanesSpec {
    let slot = slot(of: id, as: .planes(halo: halo))
    return PlanesSpec(slot, slots[slot])
  }

  /// The slot of an image that a kernel writes as planes: the caller's tensor where it can be.
  mutating func definePlanes(_ id: NodeID) -> PlanesSpec {
    let halo = planeHalo(of: id)
    let slot = define(id, halo == 0 ? .plain : .planes(halo: halo))
    return PlanesSpec(slot, slots[slot])
  }
}
