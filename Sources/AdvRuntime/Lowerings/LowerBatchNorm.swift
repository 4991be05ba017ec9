import AdvGraph
import AdvTensor
import CKernels

// Sums over the batch are made once for all the operators that need them: the gradients of a normalisation
// toward its input, scale and shift share one pass over dy and x.

extension ChannelSum: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.types[0].isViewable ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let total = lowering.sums(of: site.operands[0])
    lowering.emitStatistic(.sum, total, site.types[0], site.node)
  }
}

extension BatchMean: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.types[0].isViewable ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let total = lowering.sums(of: site.operands[0])
    lowering.emitStatistic(.mean, total, site.types[0], site.node)
  }
}

extension BatchVariance: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isViewable ? [.view(halo: 0), .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let (x, mean) = (site.operands[0], site.operands[1])
    let total = lowering.sums(of: x, with: x, centre: mean)
    lowering.emitStatistic(.variance, total, site.types[0], site.node)
  }
}

extension BatchNormScaleGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isViewable ? [.view(halo: 0), .view(halo: 0), .plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let total = lowering.sums(of: site.operands[0], with: site.operands[1], centre: site.operands[2])
    let variance = lowering.slot(of: site.operands[3], as: .plain)
    lowering.emitStatistic(
      .normalisedProduct(variance: variance, epsilon: epsilon), total, site.types[0], site.node)
  }
}

extension FusedBatchNormTraining: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard site.types[0].isViewable else { return nil }
    return [.view(halo: 0), .plain, .plain, .plain, .plain] + (addsResidual ? [.view(halo: 0)] : [])
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let constants = site.operands[1..<5].map { lowering.slot(of: $0, as: .plain) }
    let (factor, offset) = (lowering.makeLanes(site.types[1]), lowering.makeLanes(site.types[1]))
    lowering.emit(
      BatchNormFactors(
        scale: constants[0], shift: constants[1], mean: constants[2], variance: constants[3],
        epsilon: norm.epsilon, factor: factor, offset: offset, channels: site.types[0].shape[0]))
    let input = lowering.view(of: site.operands[0])
    let residual = addsResidual ? lowering.view(of: site.operands[5]) : nil
    var kernel = PointwiseKernel(site.isa, input, lowering.defineView(site.node))
    (kernel.scale, kernel.shift, kernel.residual) = (factor, offset, residual)
    kernel.rectifies = rectifies
    kernel.saved = lowering.defineBits(site.node)
    lowering.emit(kernel)
  }
}

extension BatchNormTrainingInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isViewable ? [.view(halo: 0), .view(halo: 0), .plain, .plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let total = lowering.sums(of: site.operands[0], with: site.operands[1], centre: site.operands[3])
    let constants = site.operands[2...].map { lowering.slot(of: $0, as: .plain) }
    let factors = (0..<3).map { _ in lowering.makeLanes(site.types[2]) }
    let type = site.types[0]
    lowering.emit(
      BatchNormGradientFactors(
        total: total, scale: constants[0], mean: constants[1], variance: constants[2], epsilon: epsilon,
        ofCotangent: factors[0], ofInput: factors[1], offset: factors[2], channels: type.shape[0],
        lanes: type.lanes, pixels: type.pixels))
    let (cotangent, x) = (lowering.view(of: site.operands[0]), lowering.view(of: site.operands[1]))
    var kernel = PointwiseKernel(site.isa, cotangent, lowering.defineView(site.node))
    (kernel.scale, kernel.shift) = (factors[0], factors[2])
    (kernel.residual, kernel.residualScale) = (x, factors[1])
    lowering.emit(kernel)
  }
}

extension TensorType {
  /// The channels in whole blocks.
  fileprivate var lanes: Int { (shape[0] + 15) / 16 * 16 }
  /// The elements of one channel of one image.
  fileprivate var pixels: Int { shape.rank == 3 ? shape[1] * shape[2] : 1 }
}

extension Lowering {
  /// One float for each channel, zeros in the lanes behind the last.
  fileprivate mutating func makeLanes(_ type: TensorType) -> SlotID { makeSlot(type, .plain, .session) }

  fileprivate mutating func emitStatistic(
    _ kind: ChannelStatistic.Kind, _ total: SlotID, _ type: TensorType, _ node: NodeID
  ) {
    emit(
      ChannelStatistic(
        kind: kind, total: total, target: define(node, .plain), channels: type.shape[0], lanes: type.lanes,
        pixels: type.pixels))
  }

  /// The sums of `a` for each channel, with those of its products with `b` centred at `centre`.
  ///
  /// Where `a` is `b` both are centred: these are the sums of squares.
  fileprivate mutating func sums(of a: NodeID, with b: NodeID? = nil, centre: NodeID? = nil) -> SlotID {
    let key = SharedResult.sums(a, with: b, centre: centre)
    if let known = shared[key] { return known }
    let type = graph.nodes[a].type
    let bytes = 2 * type.lanes * 8
    let partial = makeSlot(TensorType(type.shape, .shared), .opaque(bytes: bytes), .group)
    let total = makeSlot(TensorType(type.shape, .shared), .opaque(bytes: bytes), .session)
    var kernel = ChannelSumsKernel(isa, view(of: a), partial: partial)
    if let b { kernel.b = view(of: b) }
    kernel.centreOfB = centre.map { slot(of: $0, as: .plain) }
    if a == b { kernel.centreOfA = kernel.centreOfB }
    emit(kernel)
    emit(TotalChannelSums(partial: partial, total: total, lanes: type.lanes))
    // A plain sum is a part of any sum that leaves `a` as it is.
    shared[key] = total
    if a != b { shared[.sums(a, with: nil, centre: nil)] = total }
    return total
  }
}
