import AdvGraph
import AdvTensor
import CKernels

// Over the channels of a map the kernel works on blocks; over the last axes of anything else on rows that are
// whole blocks, each of which it takes for an image of one pixel.

extension LayerNorm: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.layerNormDemands(axes, operand: 0) }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let constants = site.operands[1...].map { lowering.slot(of: $0, as: .plain) }
    var kernel = lowering.layerNorm(of: site.operands[0], site, axes, epsilon, scale: constants[0])
    kernel.shift = constants[1]
    lowering.emit(kernel)
  }
}

extension LayerNormInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.layerNormDemands(axes, operand: 1) }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let scale = lowering.slot(of: site.operands[2], as: .plain)
    let cotangent = lowering.view(of: site.operands[0])
    var kernel = lowering.layerNorm(of: site.operands[1], site, axes, epsilon, scale: scale)
    kernel.cotangent = cotangent
    lowering.emit(kernel)
  }
}

/// How a normalisation divides a value into groups that kernels can take.
private enum LayerNormForm {
  /// The channels of each pixel.
  case pixels(channels: Int)
  /// Rows of whole blocks.
  case rows(Int, channels: Int)

  init?(_ type: TensorType, _ axes: Range<Int>) {
    guard type.isForEachImage, type.shape.elementCount > 0 else { return nil }
    let size = type.shape.dimensions[axes].reduce(1, *)
    if type.isViewable && axes == 0..<1 {
      self = .pixels(channels: size)
    } else if !type.isMap && axes.upperBound == type.shape.rank && size % 16 == 0 {
      self = .rows(type.shape.elementCount / size, channels: size)
    } else {
      return nil
    }
  }
}

extension LoweringSite {
  fileprivate func layerNormDemands(_ axes: Range<Int>, operand: Int) -> [Demand]? {
    guard LayerNormForm(types[operand], axes) != nil else { return nil }
    return types.map { $0.isForEachImage ? .view(halo: 0) : .plain }
  }
}

extension Lowering {
  /// The kernel of a normalisation of x without shift or cotangent.
  fileprivate mutating func layerNorm(
    of x: NodeID, _ site: LoweringSite, _ axes: Range<Int>, _ epsilon: Double, scale: SlotID
  ) -> LayerNormKernel {
    let (input, form) = (view(of: x), LayerNormForm(site.result, axes))
    let output = defineView(site.node)
    guard case .rows(let rows, let channels) = form else {
      return LayerNormKernel(
        isa: site.isa, input: input, output: output, scale: scale, channels: site.result.shape[0],
        epsilon: Float(epsilon))
    }
    return LayerNormKernel(
      isa: site.isa, input: input, output: output, scale: scale, channels: channels,
      epsilon: Float(epsilon), rows: rows)
  }
}
