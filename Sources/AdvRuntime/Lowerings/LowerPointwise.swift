import AdvGraph
import AdvTensor
import CKernels

extension ReLU: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isForEachImage ? [.view(halo: 0)] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PointwiseKernel(site.isa, input, lowering.defineView(site.node))
    kernel.rectifies = true
    kernel.saved = lowering.defineBits(site.node)
    lowering.emit(kernel)
  }
}

extension KeepWherePositive: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types.allSatisfy(\.isForEachImage) ? [.view(halo: 0), .bits] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    var kernel = PointwiseKernel(site.isa, input, lowering.defineView(site.node))
    kernel.inputMask = lowering.bits(of: site.operands[1])
    lowering.emit(kernel)
  }
}

extension Add: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.arithmeticDemands }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    if site.demandsPlain { return lowering.emitPlainArithmetic(.add, site) }
    let (left, right) = (lowering.view(of: site.operands[0]), lowering.view(of: site.operands[1]))
    var kernel = PointwiseKernel(site.isa, left, lowering.defineView(site.node))
    kernel.residual = right
    lowering.emit(kernel)
  }
}

extension FusedScaleShift: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard site.result.isViewable else { return nil }
    let x: Demand = isResultPlanar(at: site) ? .planes(halo: 0) : .view(halo: 0)
    return [x, .plain, .plain] + (addsResidual ? [.view(halo: 0)] : [])
  }

  func isResultPlanar(at site: LoweringSite) -> Bool { site.isPlanar[0] && !addsResidual && !rectifies }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let scale = lowering.slot(of: site.operands[1], as: .plain)
    let shift = lowering.slot(of: site.operands[2], as: .plain)
    if isResultPlanar(at: site) {
      let source = lowering.planes(of: site.operands[0], halo: 0)
      let target = lowering.definePlanes(site.node)
      lowering.emit(
        PlanarCopyKernel(isa: site.isa, source: source, target: target, scale: scale, shift: shift))
      return
    }
    let input = lowering.view(of: site.operands[0])
    let residual = addsResidual ? lowering.view(of: site.operands[3]) : nil
    var kernel = PointwiseKernel(site.isa, input, lowering.defineView(site.node))
    (kernel.scale, kernel.shift, kernel.residual, kernel.rectifies) = (scale, shift, residual, rectifies)
    kernel.saved = lowering.defineBits(site.node)
    lowering.emit(kernel)
  }
}

extension Reshape: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard site.result.isForEachImage else { return nil }
    return [isFlattening(site) ? .view(halo: 0) : .plain]
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let demand: Demand = isFlattening(site) ? .view(halo: 0) : .plain
    let source = lowering.slot(of: site.operands[0], as: demand)
    let isUnflattening = site.result.isMap && site.types[0].isVector
    let target = lowering.define(site.node, isUnflattening ? lowering.viewLayout(of: site.node) : .plain)
    lowering.emitCopy(from: source, to: target)
  }

  /// Blocks go straight into the vector, without planes in between.
  private func isFlattening(_ site: LoweringSite) -> Bool {
    site.types[0].isMap && site.result.isVector && !site.isPlanar[0]
  }
}
