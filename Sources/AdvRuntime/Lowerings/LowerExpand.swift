import AdvGraph
import AdvTensor
import CKernels

// A gate for each channel, spread over the pixels of a map, and back. Other repetitions are interpreted.

extension Expand: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.result.isSpread(of: site.types[0]) ? [.view(halo: 0)] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      SpreadKernel(isa: site.isa, input: input, output: lowering.defineView(site.node), isSum: false))
  }
}

extension SumRepetitions: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    site.types[0].isSpread(of: site.result) ? [.view(halo: 0)] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    lowering.emit(
      SpreadKernel(isa: site.isa, input: input, output: lowering.defineView(site.node), isSum: true))
  }
}

extension TensorType {
  /// Whether this map repeats one pixel.
  fileprivate func isSpread(of pixel: TensorType) -> Bool {
    isMap && pixel.isMap && pixel.shape == [shape[0], 1, 1]
  }
}
