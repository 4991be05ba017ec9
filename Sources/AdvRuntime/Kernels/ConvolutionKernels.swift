import AdvGraph
import AdvTensor
import CKernels

/// Which kernels compute a convolution.
enum ConvolutionKind: String, Sendable {
  /// Blocked maps on both sides.
  case direct
  /// 3×3 by Winograd's algorithm, on blocked maps.
  case winograd
  /// Blocked maps, rounded to bf16 before they are multiplied.
  case bf16
  /// Every channel on its own.
  case depthwise
  /// An image of few channels in planes on one side.
  case stem
}

/// A convolution's constants, as all its kernels need them.
struct ConvolutionPlan: Sendable {
  let isa: AdvkISA
  let kind: ConvolutionKind
  let shape: AdvkConvolutionShape
  let input: Shape
  let output: Shape

  init(
    _ convolution: Convolution, weight: Shape, input: Shape, output: Shape, isStem: Bool, isa: AdvkISA,
    precision: Precision
  ) {
    (self.isa, self.input, self.output) = (isa, input, output)
    let isDepthwise = convolution.groups > 1 && convolution.groups == input[0] && input[0] == output[0]
    shape = AdvkConvolutionShape(
      input_channels: input[0], output_channels: output[0], groups: convolution.groups,
      window: AdvkWindow(convolution, kernel: Size2D(weight[2], weight[3])))
    kind =
      isStem
      ? .stem
      : isDepthwise ? .depthwise : Self.dense(shape, height: output[1], width: output[2], precision)
  }

  /// The halo that one direction reads, the same on all sides.
  func halo(_ direction: AdvkDirection) -> Int {
    var window = shape.window
    let halo = advk_convolution_halo(&window, direction, input[1], input[2], output[1], output[2])
    return max(halo.top, halo.bottom, halo.left, halo.right)
  }

  /// The floats of packed weights.
  func weightCount(_ direction: AdvkDirection) -> Int {
    var shape = shape
    switch kind {
    case .direct: return advk_convolution_weights_size(isa, &shape, direction)
    case .winograd: return advk_winograd_weights_size(isa, &shape, direction)
    case .bf16: return advk_bf16_weights_size(isa, &shape, direction)
    case .depthwise: return advk_depthwise_weights_size(&shape)
    case .stem: return advk_stem_weights_size(isa, &shape, direction)
    }
  }

  /// The floats of a packed weight gradient.
  var gradientCount: Int {
    var shape = shape
    switch kind {
    case .direct, .winograd, .bf16: return advk_convolution_weight_gradient_size(isa, &shape)
    case .depthwise: return advk_depthwise_weights_size(&shape)
    case .stem: return advk_stem_weight_gradient_size(isa, &shape)
    }
  }

  /// The channels in the last block that a direction reads, 0 where they fill it.
  func lastLanes(_ direction: AdvkDirection) -> Int {
    shape.groups > 1 ? 0 : (direction == .forward ? input[0] : output[0]) % 16
  }

  var groups: Int {
    var shape = shape
    return advk_convolution_groups(&shape)
  }

  /// `3×3 stride 2 direct`.
  var text: String {
    let window = shape.window
    let stride = max(window.stride_y, window.stride_x)
    return "\(window.kernel_height)×\(window.kernel_width)" + (stride > 1 ? " stride \(stride)" : "")
      + (shape.groups > 1 ? " groups \(shape.groups)" : "") + " \(kind.rawValue)"
  }
}

/// What a convolution does to its sums before it stores them.
struct Epilogue: Sendable {
  var bias: SlotID?
  var residual: ViewSpec?
  var rectifies = false
  var saved: MaskSpec?
  var applied: MaskSpec?

  /// The kernel's own form.
  func descriptor(_ memory: Memory) -> AdvkEpilogue {
    AdvkEpilogue(
      bias: bias.map { UnsafePointer(memory.floats($0)) }, residual: residual.view(memory), relu: rectifies,
      saved_mask: saved.mask(memory), applied_mask: applied.mask(memory))
  }

  var reads: [SlotID] { (bias.map { [$0] } ?? []) + residual.slots + applied.slots }

  /// ` + bias + residual, relu`.
  var text: String {
    (bias == nil ? "" : " + bias") + (residual == nil ? "" : " + residual") + (rectifies ? ", relu" : "")
      + (saved == nil ? "" : ", save bits") + (applied == nil ? "" : ", mask")
  }
}

/// A convolution of blocked maps in one direction.
struct ConvolutionKernel: Kernel {
  let plan: ConvolutionPlan
  let direction: AdvkDirection
  let input: ViewSpec
  let output: ViewSpec
  let weights: SlotID
  let epilogue: Epilogue
  let groups: Int
  let division = Division.images
  let isShareable = true

  var text: String {
    (direction == .forward ? "convolution " : "convolution input gradient ") + plan.text + epilogue.text
  }
  var reads: [SlotID] { [input.slot, weights] + epilogue.reads }
  var writes: [SlotID] { [output.slot] + epilogue.saved.slots }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkConvolution(
      input: input.view(memory), output: output.view(memory), window: plan.shape.window, groups: groups,
      last_lanes: plan.lastLanes(direction), weights: memory.floats(weights),
      epilogue: epilogue.descriptor(memory), part: memory.part)
    switch (plan.kind, direction) {
    case (.depthwise, .forward): advk_depthwise_forward(plan.isa, &d, 0, images)
    case (.depthwise, .inputGradient): advk_depthwise_input_gradient(plan.isa, &d, 0, images)
    case (_, .forward): advk_convolution_forward(plan.isa, &d, 0, images)
    case (_, .inputGradient): advk_convolution_input_gradient(plan.isa, &d, 0, images)
    }
  }
}

/// A convolution between an image in planes and blocked features, in one direction.
struct StemKernel: Kernel {
  let plan: ConvolutionPlan
  let direction: AdvkDirection
  let image: PlanesSpec
  let features: ViewSpec
  let weights: SlotID
  let epilogue: Epilogue
  let division = Division.images
  let isShareable = true

  var text: String {
    (direction == .forward ? "convolution " : "convolution input gradient ") + plan.text + epilogue.text
  }
  var reads: [SlotID] {
    [direction == .forward ? image.slot : features.slot, weights] + epilogue.reads
  }
  var writes: [SlotID] {
    [direction == .forward ? features.slot : image.slot] + epilogue.saved.slots
  }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkStem(
      image: image.planes(memory), features: features.view(memory), window: plan.shape.window,
      weights: memory.floats(weights), epilogue: epilogue.descriptor(memory), part: memory.part)
    switch direction {
    case .forward: advk_stem_forward(plan.isa, &d, 0, images)
    case .inputGradient: advk_stem_input_gradient(plan.isa, &d, 0, images)
    }
  }
}

/// Brings weights into the order in which one direction streams them.
struct PackConvolutionWeights: Kernel {
  let plan: ConvolutionPlan
  let direction: AdvkDirection
  let weights: SlotID
  let packed: SlotID
  let division = Division.whole

  var text: String { "pack weights \(direction == .forward ? "forward" : "backward") \(plan.text)" }
  var reads: [SlotID] { [weights] }
  var writes: [SlotID] { [packed] }

  func run(_ memory: Memory, _ images: Int) {
    var shape = plan.shape
    let (from, to) = (memory.floats(weights), memory.floats(packed))
    switch plan.kind {
    case .direct: advk_convolution_pack_weights(plan.isa, &shape, direction, from, to)
    case .winograd: advk_winograd_pack_weights(plan.isa, &shape, direction, from, to)
    case .bf16: advk_bf16_pack_weights(plan.isa, &shape, direction, from, to)
    case .depthwise: advk_depthwise_pack_weights(&shape, from, to)
    case .stem: advk_stem_pack_weights(plan.isa, &shape, direction, from, to)
    }
  }
}
