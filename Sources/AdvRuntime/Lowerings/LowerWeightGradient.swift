import AdvGraph
import AdvTensor
import CKernels

extension ConvolutionWeightGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard let plan = plan(at: site) else { return nil }
    let halo = plan.halo(.forward)
    return [plan.kind == .stem ? .planes(halo: halo) : .view(halo: halo), .view(halo: 0)]
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    guard let plan = plan(at: site) else { return }
    let halo = plan.halo(.forward)
    let input: ConvolutionWeightGradientKernel.Input =
      plan.kind == .stem
      ? .image(lowering.planes(of: site.operands[0], halo: halo))
      : .features(lowering.view(of: site.operands[0], halo: halo))
    let cotangent = lowering.view(of: site.operands[1])
    let count = plan.gradientCount
    let partial = lowering.makeSlot(site.result, .opaque(bytes: count * 4), .group)
    lowering.emit(
      ConvolutionWeightGradientKernel(
        plan: plan, input: input, cotangent: cotangent, partial: partial, count: count, groups: plan.groups))
    lowering.emit(TotalGroups(partial: partial, count: count))
    lowering.emit(
      UnpackConvolutionWeightGradient(
        plan: plan, total: partial, target: lowering.define(site.node, .plain),
        targetCount: site.result.shape.elementCount))
  }

  private func plan(at site: LoweringSite) -> ConvolutionPlan? {
    guard site.types.allSatisfy(\.isMap), weight[2] * weight[3] <= 1024, weight.elementCount > 0 else {
      return nil
    }
    let isStem = site.isPlanar[0] && convolution.groups == 1 && site.types[0].shape[0] < 16
    return ConvolutionPlan(
      convolution, weight: weight, input: site.types[0].shape, output: site.types[1].shape, isStem: isStem,
      isa: site.isa, precision: .exact)
  }
}

extension LinearWeightGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types.allSatisfy(\.isVector) ? [.plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let operands = site.operands.map { lowering.slot(of: $0, as: .plain) }
    let count = site.result.shape.elementCount
    let partial = lowering.makeSlot(site.result, .opaque(bytes: count * 4), .group)
    lowering.emit(
      LinearWeightGradientKernel(
        isa: site.isa, input: operands[0], cotangent: operands[1], partial: partial,
        inputFeatures: site.types[0].shape[0], outputFeatures: site.types[1].shape[0]))
    lowering.emit(SumGroups(partial: partial, target: lowering.define(site.node, .plain), count: count))
  }
}
