import AdvGraph
import AdvTensor
import CKernels

// What attention is made of: products of matrices, softmax over rows, transposition; all on row-major values.

extension MatrixProduct: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.result.isForEachImage && site.result.shape.elementCount > 0 ? [.plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let sizes = MatrixSizes(self, site.types[0].shape, site.types[1].shape)
    let operands = site.operands.map { lowering.slot(of: $0, as: .plain) }
    let bytes = sizes.inner * ((sizes.columns + 15) / 16 * 16) * 4
    let scratch = lowering.makeSlot(
      TensorType(site.result.shape, .shared), .opaque(bytes: bytes), .worker)
    lowering.emit(
      MatrixProductKernel(
        isa: site.isa, sizes: sizes, factor: Float(factor), left: operands[0], right: operands[1],
        output: lowering.define(site.node, .plain), scratch: scratch))
  }
}

extension Softmax: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.result.isForEachImage && axis == site.result.shape.rank - 1 ? [.plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.slot(of: site.operands[0], as: .plain)
    lowering.emit(
      SoftmaxKernel(
        isa: site.isa, input: input, output: lowering.define(site.node, .plain),
        rows: site.result.shape.elementCount / max(site.result.shape[axis], 1),
        features: site.result.shape[axis]))
  }
}

extension SoftmaxInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types.allSatisfy(\.isForEachImage) && axis == site.result.shape.rank - 1 ? [.plain, .plain] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let (cotangent, y) = (
      lowering.slot(of: site.operands[0], as: .plain), lowering.slot(of: site.operands[1], as: .plain)
    )
    lowering.emit(
      SoftmaxKernel(
        isa: site.isa, input: cotangent, saved: y, output: lowering.define(site.node, .plain),
        rows: site.result.shape.elementCount / max(site.result.shape[axis], 1),
        features: site.result.shape[axis]))
  }
}

extension Transpose: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? { site.result.isForEachImage ? [.plain] : nil }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let source = site.types[0].shape.dimensions
    let pitches = axes.map { axis in source[(axis + 1)...].reduce(1, *) }
    let input = lowering.slot(of: site.operands[0], as: .plain)
    lowering.emit(
      TransposeKernel(
        input: input, output: lowering.define(site.node, .plain), extents: site.result.shape.dimensions,
        pitches: pitches))
  }
}
