import CKernels

/// max(x · scale + shift + residual · residualScale, 0), with masks: whatever is done pixel by pixel.
struct PointwiseKernel: Kernel {
  let isa: AdvkISA
  let input: ViewSpec
  let output: ViewSpec
  var residual: ViewSpec?
  var scale: SlotID?
  var shift: SlotID?
  var residualScale: SlotID?
  var rectifies = false
  var inputMask: MaskSpec?
  var saved: MaskSpec?
  var outputMask: MaskSpec?
  let division = Division.images
  let isShareable = true

  init(_ isa: AdvkISA, _ input: ViewSpec, _ output: ViewSpec) {
    (self.isa, self.input, self.output) = (isa, input, output)
  }

  var text: String {
    "pointwise" + (inputMask == nil ? "" : " mask") + (scale == nil ? "" : " · scale")
      + (shift == nil ? "" : " + shift") + (residual == nil ? "" : " + residual")
      + (residualScale == nil ? "" : " · scale") + (rectifies ? ", relu" : "")
      + (saved == nil ? "" : ", save bits") + (outputMask == nil ? "" : ", mask")
  }
  var reads: [SlotID] {
    [input.slot] + residual.slots + [scale, shift, residualScale].compactMap { $0 } + inputMask.slots
      + outputMask.slots
  }
  var writes: [SlotID] { [output.slot] + saved.slots }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkPointwise(
      input: input.view(memory), output: output.view(memory), residual: residual.view(memory),
      scale: pointer(scale, memory), shift: pointer(shift, memory),
      residual_scale: pointer(residualScale, memory), input_mask: inputMask.mask(memory), relu: rectifies,
      saved_mask: saved.mask(memory), output_mask: outputMask.mask(memory), part: memory.part)
    advk_pointwise(isa, &d, 0, images)
  }

  private func pointer(_ slot: SlotID?, _ memory: Memory) -> UnsafePointer<Float>? {
    slot.map { UnsafePointer(memory.floats($0)) }
  }
}
