import AdvGraph
import AdvTensor
import CKernels

extension MaxPool: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isMap && window.height * window.width <= 255 ? [.view(halo: 0)] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PoolKernel(site.isa, .max, input, lowering.defineView(site.node), kernelWindow)
    if let gradient = lowering.gradient(of: self, at: site.operands[0]) {
      let indices = lowering.scratch(site.result, .indices)
      lowering.shared[.winners(site.operands[0], self)] = indices
      kernel.indices = indices
      kernel.foldsReLU = gradient is MaskedMaxPoolInputGradient
    }
    lowering.emit(kernel)
  }

  fileprivate var kernelWindow: AdvkWindow { AdvkWindow(window: window, stride: stride, padding: padding) }
}

extension MaskedMaxPoolInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { gradient.demands(at: site) }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    gradient.lower(at: site, into: &lowering)
  }
}

extension MaxPoolInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    // The winners were saved by the forward pooling: x itself is not read again.
    site.types[0].isMap && site.hasForwardPool ? [.view(halo: 0), .nothing] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PoolKernel(
      site.isa, .maxGradient, input, lowering.defineView(site.node), pool.kernelWindow)
    kernel.indices = lowering.shared[.winners(site.operands[1], pool)]
    lowering.emit(kernel)
  }
}

extension AveragePool: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.types[0].isMap ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PoolKernel(site.isa, .average, input, lowering.defineView(site.node), kernelWindow)
    kernel.countsPadding = countsPadding
    lowering.emit(kernel)
  }

  fileprivate var kernelWindow: AdvkWindow { AdvkWindow(window: window, stride: stride, padding: padding) }
}

extension AveragePoolInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.types[0].isMap ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PoolKernel(
      site.isa, .averageGradient, input, lowering.defineView(site.node), pool.kernelWindow)
    kernel.countsPadding = pool.countsPadding
    lowering.emit(kernel)
  }
}

extension GlobalAveragePool: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.types[0].isMap ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      PoolKernel(site.isa, .globalAverage, input, lowering.defineView(site.node), AdvkWindow()))
  }
}

extension GlobalAveragePoolInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isMap ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      PoolKernel(site.isa, .globalAverageGradient, input, lowering.defineView(site.node), AdvkWindow()))
  }
}

extension Lowering {
  /// Whether the pooling of `x` that this operator is the gradient of is computed too.
  func hasForwardPool(_ operation: any Operator, _ operands: [NodeID]) -> Bool {
    guard let pool = operation.gradientOfPool else { return false }
    return graph.nodes.indices.contains { id in
      guard isNeeded[id], case .operation(let other, let sources) = graph.nodes[id].source else {
        return false
      }
      return other as? MaxPool == pool && sources[0] == operands[1] && ownDemands[id] != nil
    }
  }

  /// The gradient of this pooling that needs the winners among the elements of `x`.
  func gradient(of pool: MaxPool, at x: NodeID) -> (any Operator)? {
    graph.nodes.indices.lazy.compactMap { id -> (any Operator)? in
      guard isNeeded[id], case .operation(let operation, let operands) = graph.nodes[id].source,
        operation.gradientOfPool == pool, operands[1] == x
      else { return nil }
      return operation
    }.first
  }
}

extension Operator {
  /// The pooling that this operator is a gradient of.
  fileprivate var gradientOfPool: MaxPool? {
    (self as? MaxPoolInputGradient ?? (self as? MaskedMaxPoolInputGradient)?.gradient)?.pool
  }
}
