import CKernels

/// A pooling in one direction.
struct PoolKernel: Kernel {
  enum Kind: String, Sendable {
    case max = "max pool"
    case maxGradient = "max pool gradient"
    case average = "average pool"
    case averageGradient = "average pool gradient"
    case globalAverage = "global average pool"
    case globalAverageGradient = "global average pool gradient"
  }

  let isa: AdvkISA
  let kind: Kind
  let input: ViewSpec
  let output: ViewSpec
  let window: AdvkWindow
  var indices: SlotID?
  var foldsReLU = false
  var countsPadding = false
  let division = Division.images
  let isShareable = true

  init(_ isa: AdvkISA, _ kind: Kind, _ input: ViewSpec, _ output: ViewSpec, _ window: AdvkWindow) {
    (self.isa, self.kind, self.input, self.output, self.window) = (isa, kind, input, output, window)
  }

  var text: String {
    kind.rawValue + (window.kernel_height > 0 ? " \(window.kernel_height)×\(window.kernel_width)" : "")
      + (indices == nil || kind == .maxGradient ? "" : ", save indices") + (foldsReLU ? " with relu" : "")
  }
  var reads: [SlotID] { [input.slot] + (kind == .maxGradient ? [indices].compactMap { $0 } : []) }
  var writes: [SlotID] { [output.slot] + (kind == .max ? [indices].compactMap { $0 } : []) }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkPool(
      input: input.view(memory), output: output.view(memory), window: window,
      indices: indices.map { memory.bytes($0).assumingMemoryBound(to: UInt8.self) }, folds_relu: foldsReLU,
      count_includes_padding: countsPadding, accumulates: false, part: memory.part)
    switch kind {
    case .max: advk_max_pool_forward(isa, &d, 0, images)
    case .maxGradient: advk_max_pool_input_gradient(isa, &d, 0, images)
    case .average: advk_average_pool_forward(isa, &d, 0, images)
    case .averageGradient: advk_average_pool_input_gradient(isa, &d, 0, images)
    case .globalAverage: advk_global_average_pool_forward(isa, &d, 0, images)
    case .globalAverageGradient: advk_global_average_pool_input_gradient(isa, &d, 0, images)
    }
  }
}
