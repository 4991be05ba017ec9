import AdvTensor
import CKernels

/// The weight gradient of a convolution, summed over one group of images.
struct ConvolutionWeightGradientKernel: Kernel {
  /// Where the convolution's input lies.
  enum Input: Sendable {
    case features(ViewSpec)
    case image(PlanesSpec)

    var slot: SlotID {
      switch self {
      case .features(let view): view.slot
      case .image(let planes): planes.slot
      }
    }
  }

  let plan: ConvolutionPlan
  let input: Input
  let cotangent: ViewSpec
  let partial: SlotID
  let count: Int
  let groups: Int
  let division = Division.groups

  var text: String { "convolution weight gradient \(plan.text)" }
  var reads: [SlotID] { [input.slot, cotangent.slot] }
  var writes: [SlotID] { [partial] }

  func run(_ memory: Memory, _ images: Int) {
    let accumulator = memory.floats(partial)
    accumulator.update(repeating: 0, count: count)
    switch input {
    case .image(let planes):
      var d = AdvkStemWeightGradient(
        image: planes.planes(memory), output_gradient: cotangent.view(memory), window: plan.shape.window,
        accumulator: accumulator)
      advk_stem_weight_gradient(plan.isa, &d, 0, images)
    case .features(let view):
      var d = AdvkWeightGradient(
        input: view.view(memory), output_gradient: cotangent.view(memory), window: plan.shape.window,
        groups: groups, accumulator: accumulator)
      if plan.kind == .depthwise {
        advk_depthwise_weight_gradient(plan.isa, &d, 0, images)
      } else {
        advk_convolution_weight_gradient(plan.isa, &d, 0, images)
      }
    }
  }
}

/// The sum of the groups' values, in order, in place of those of the first group.
struct TotalGroups: Kernel {
  let partial: SlotID
  let count: Int
  let division = Division.whole
  let isShareable = true

  var text: String { "total over groups" }
  var reads: [SlotID] { [partial] }
  var writes: [SlotID] { [partial] }

  func run(_ memory: Memory, _ images: Int) {
    let (index, parts) = (memory.part.index, max(memory.part.count, 1))
    memory.sumGroups(partial, count * index / parts..<count * (index + 1) / parts)
  }
}

/// The sum of the groups' gradients brought into the order of the weights.
struct UnpackConvolutionWeightGradient: Kernel {
  let plan: ConvolutionPlan
  let total: SlotID
  let target: SlotID
  let targetCount: Int
  let division = Division.whole

  var text: String { "unpack weight gradient" }
  var reads: [SlotID] { [total] }
  var writes: [SlotID] { [target] }

  func run(_ memory: Memory, _ images: Int) {
    let total = memory.firstGroup(self.total)
    let gradient = memory.floats(target)
    gradient.update(repeating: 0, count: targetCount)
    var shape = plan.shape
    switch plan.kind {
    case .direct, .winograd, .bf16:
      advk_convolution_unpack_weight_gradient(plan.isa, &shape, total, gradient)
    case .depthwise: advk_depthwise_unpack_weight_gradient(&shape, total, gradient)
    case .stem: advk_stem_unpack_weight_gradient(plan.isa, &shape, total, gradient)
    }
  }
}

/// The weight gradient of a linear layer, summed over one group of images.
struct LinearWeightGradientKernel: Kernel {
  let isa: AdvkISA
  let input: SlotID
  let cotangent: SlotID
  let partial: SlotID
  let inputFeatures: Int
  let outputFeatures: Int
  let division = Division.groups

  var text: String { "linear weight gradient" }
  var reads: [SlotID] { [input, cotangent] }
  var writes: [SlotID] { [partial] }

  func run(_ memory: Memory, _ images: Int) {
    memory.floats(partial).update(repeating: 0, count: inputFeatures * outputFeatures)
    var d = AdvkLinearWeightGradient(
      input: memory.floats(input), input_stride: memory.stride(input),
      output_gradient: memory.floats(cotangent), output_gradient_stride: memory.stride(cotangent),
      input_features: inputFeatures, output_features: outputFeatures, gradient: memory.floats(partial))
    advk_linear_weight_gradient(isa, &d, 0, images)
  }
}

/// The sum of the groups' values, in order.
struct SumGroups: Kernel {
  let partial: SlotID
  let target: SlotID
  let count: Int
  let division = Division.whole

  var text: String { "sum over groups" }
  var reads: [SlotID] { [partial] }
  var writes: [SlotID] { [target] }

  func run(_ memory: Memory, _ images: Int) {
    memory.sumGroups(partial, 0..<count)
    memory.floats(target).update(from: memory.firstGroup(partial), count: count)
  }
}

extension Memory {
  /// The number of groups of the batch.
  var groupCount: Int { (batch + Plan.group - 1) / Plan.group }

  /// The floats of the first group.
  func firstGroup(_ partial: SlotID) -> UnsafeMutablePointer<Float> {
    entries[partial].base.assumingMemoryBound(to: Float.self)
  }

  /// Adds these floats of all groups to those of the first, in order; zeros where there are no images.
  func sumGroups(_ partial: SlotID, _ range: Range<Int>) {
    let total = firstGroup(partial)
    if batch == 0 { (total + range.lowerBound).update(repeating: 0, count: range.count) }
    for group in 1..<max(groupCount, 1) {
      let part = (entries[partial].base + group * entries[partial].groupAdvance)
        .assumingMemoryBound(to: Float.self)
      for index in range { total[index] += part[index] }
    }
  }
}
