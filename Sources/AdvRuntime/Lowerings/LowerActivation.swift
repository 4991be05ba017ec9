import AdvGraph
import AdvTensor
import CKernels

// Activations and their pullbacks: one kernel, told which function.

extension Sigmoid: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.sigmoid, Self.name, site)
  }
}

extension Tanh: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.tanh, Self.name, site)
  }
}

extension Exponential: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.exponential, Self.name, site)
  }
}

extension ErrorFunction: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.errorFunction, Self.name, site)
  }
}

extension BinarySign: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.binarySign, Self.name, site)
  }
}

extension Clip: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.clip, Self.name, site, self.lower, self.upper)
  }
}

extension KeepWhereInside: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.clip, Self.name, site, self.lower, self.upper)
  }
}

extension SiLU: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.silu, Self.name, site)
  }
}

extension SiLUInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.silu, Self.name, site)
  }
}

extension GELU: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.gelu, Self.name, site)
  }
}

extension GELUInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.gelu, Self.name, site)
  }
}

extension HardSigmoid: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.hardSigmoid, Self.name, site)
  }
}

extension HardSigmoidInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.hardSigmoid, Self.name, site)
  }
}

extension HardSwish: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.hardSwish, Self.name, site)
  }
}

extension HardSwishInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.activationDemands }
  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    lowering.emitActivation(.hardSwish, Self.name, site)
  }
}

extension LoweringSite {
  /// Every operand as a view: x, or a cotangent and the x that was saved.
  fileprivate var activationDemands: [Demand]? {
    types.allSatisfy(\.isForEachImage) ? types.map { _ in .view(halo: 0) } : nil
  }
}

extension Lowering {
  /// The step of an activation of one operand, or of a pullback of a cotangent and a saved value.
  fileprivate mutating func emitActivation(
    _ kind: AdvkActivationKind, _ name: String, _ site: LoweringSite, _ a: Float = 0, _ b: Float = 0
  ) {
    let input = view(of: site.operands[0])
    let saved = site.operands.count > 1 ? view(of: site.operands[1]) : nil
    var kernel = ActivationKernel(
      isa: site.isa, kind: kind, name: name, input: input, output: defineView(site.node))
    (kernel.a, kernel.b, kernel.saved) = (a, b, saved)
    emit(kernel)
  }
}
