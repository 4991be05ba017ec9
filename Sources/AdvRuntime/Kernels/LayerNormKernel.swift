import CKernels

/// A layer norm of each pixel over its channels, or with a cotangent its input gradient.
struct LayerNormKernel: Kernel {
  let isa: AdvkISA
  let input: ViewSpec
  var cotangent: ViewSpec?
  let output: ViewSpec
  let scale: SlotID
  var shift: SlotID?
  let channels: Int
  let epsilon: Float
  /// Where the value is rows of whole blocks and no map: how many belong to an image.
  var rows: Int?
  let division = Division.images

  init(
    isa: AdvkISA, input: ViewSpec, output: ViewSpec, scale: SlotID, channels: Int, epsilon: Float,
    rows: Int? = nil
  ) {
    (self.isa, self.input, self.output, self.scale) = (isa, input, output, scale)
    (self.channels, self.epsilon, self.rows) = (channels, epsilon, rows)
  }

  var text: String { "layer norm over \(channels)" + (cotangent == nil ? "" : ", gradient") }
  var reads: [SlotID] { [input.slot] + cotangent.slots + [scale] + [shift].compactMap { $0 } }
  var writes: [SlotID] { [output.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkLayerNorm(
      input: input.view(memory), cotangent: cotangent.view(memory), output: output.view(memory),
      scale: memory.floats(scale), shift: shift.map { UnsafePointer(memory.floats($0)) }, channels: channels,
      epsilon: epsilon)
    guard let rows else { return advk_layer_norm(isa, &d, 0, images) }
    // Whole blocks leave no gap between the rows of one image and the next.
    (d.input.image_stride, d.cotangent.image_stride) = (channels, channels)
    d.output.image_stride = channels
    advk_layer_norm(isa, &d, 0, images * rows)
  }
}

/// One pixel repeated over a map, or the sum of a map's pixels.
struct SpreadKernel: Kernel {
  let isa: AdvkISA
  let input: ViewSpec
  let output: ViewSpec
  let isSum: Bool
  let division = Division.images

  var text: String { isSum ? "sum of pixels" : "spread over pixels" }
  var reads: [SlotID] { [input.slot] }
  var writes: [SlotID] { [output.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkSpread(input: input.view(memory), output: output.view(memory))
    if isSum { advk_pixel_sum(isa, &d, 0, images) } else { advk_spread(isa, &d, 0, images) }
  }
}
