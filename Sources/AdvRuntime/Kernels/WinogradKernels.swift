import CKernels

extension ConvolutionPlan {
  /// Whether Winograd's algorithm is the faster one: where it saves at least half of the multiplications.
  ///
  /// A tile of 4 × 4 outputs takes 36 products instead of 9 for each output. Measured on all instruction sets
  /// with 16 to 512 channels: 1.1 to 3.7 times the direct kernel's speed for maps of 3 × 3, 4 × 4 and from 6 × 6 on; no
  /// gain for 1 × 1 and 2 × 2, little or none for 5 × 5. The batch plays no part: an image's result may not
  /// depend on it.
  static func prefersWinograd(_ shape: AdvkConvolutionShape, height: Int, width: Int) -> Bool {
    var shape = shape
    let tiles = ((height + 3) / 4) * ((width + 3) / 4)
    return advk_winograd_fits(&shape) && height * width * 9 >= 2 * tiles * 36
  }

  /// Which kernel computes a convolution between all channels of blocked maps; see docs/kernels.md.
  static func dense(
    _ shape: AdvkConvolutionShape, height: Int, width: Int, _ precision: Precision
  ) -> ConvolutionKind {
    if precision == .exact { return .direct }
    if prefersWinograd(shape, height: height, width: width) { return .winograd }
    return precision == .bf16 ? .bf16 : .direct
  }

  /// The floats of scratch memory that one direction needs.
  func scratchCount(_ direction: AdvkDirection) -> Int {
    var shape = shape
    let written = direction == .forward ? output : input
    switch kind {
    case .winograd: return advk_winograd_scratch_size(isa, &shape, direction)
    case .bf16: return advk_bf16_scratch_size(isa, &shape, direction, written[1], written[2])
    case .direct, .depthwise, .stem: return 0
    }
  }
}

/// A convolution of blocked maps that needs scratch memory, in one direction: by Winograd's algorithm, or of inputs
/// rounded to bf16.
struct ScratchConvolutionKernel: Kernel {
  let plan: ConvolutionPlan
  let direction: AdvkDirection
  let input: ViewSpec
  let output: ViewSpec
  let weights: SlotID
  let scratch: SlotID
  let epilogue: Epilogue
  let groups: Int
  let division = Division.images
  let isShareable = true

  var text: String {
    (direction == .forward ? "convolution " : "convolution input gradient ") + plan.text + epilogue.text
  }
  var reads: [SlotID] { [input.slot, weights] + epilogue.reads }
  var writes: [SlotID] { [output.slot, scratch] + epilogue.saved.slots }

  func run(_ memory: Memory, _ images: Int) {
    let convolution = AdvkConvolution(
      input: input.view(memory), output: output.view(memory), window: plan.shape.window, groups: groups,
      last_lanes: plan.lastLanes(direction), weights: memory.floats(weights),
      epilogue: epilogue.descriptor(memory), part: memory.part)
    if plan.kind == .winograd {
      var d = AdvkWinograd(convolution: convolution, scratch: memory.floats(scratch))
      switch direction {
      case .forward: advk_winograd_forward(plan.isa, &d, 0, images)
      case .inputGradient: advk_winograd_input_gradient(plan.isa, &d, 0, images)
      }
    } else {
      var d = AdvkBF16Convolution(convolution: convolution, scratch: memory.floats(scratch))
      switch direction {
      case .forward: advk_bf16_forward(plan.isa, &d, 0, images)
      case .inputGradient: advk_bf16_input_gradient(plan.isa, &d, 0, images)
      }
    }
  }
}
