import CKernels

/// A linear layer, or its input gradient.
struct LinearKernel: Kernel {
  let isa: AdvkISA
  let direction: AdvkDirection
  let input: SlotID
  let output: SlotID
  let weights: SlotID
  let bias: SlotID?
  let inputFeatures: Int
  let outputFeatures: Int
  let division = Division.images
  let isShareable = true

  var text: String {
    "linear \(direction == .forward ? "" : "input gradient ")\(inputFeatures) to \(outputFeatures)"
      + (bias == nil ? "" : " + bias")
  }
  var reads: [SlotID] { [input, weights] + (bias.map { [$0] } ?? []) }
  var writes: [SlotID] { [output] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkLinear(
      input: memory.floats(input), input_stride: memory.stride(input), output: memory.floats(output),
      output_stride: memory.stride(output), input_features: inputFeatures, output_features: outputFeatures,
      weights: memory.floats(weights), bias: bias.map { UnsafePointer(memory.floats($0)) }, part: memory.part)
    advk_linear(isa, &d, 0, images)
  }
}

/// Brings the weights of a linear layer into the order of one direction.
struct PackLinearWeights: Kernel {
  let isa: AdvkISA
  let direction: AdvkDirection
  let weights: SlotID
  let packed: SlotID
  let inputFeatures: Int
  let outputFeatures: Int
  let division = Division.whole

  var text: String { "pack weights linear \(direction == .forward ? "forward" : "backward")" }
  var reads: [SlotID] { [weights] }
  var writes: [SlotID] { [packed] }

  func run(_ memory: Memory, _ images: Int) {
    advk_linear_pack_weights(
      isa, inputFeatures, outputFeatures, direction, memory.floats(weights), memory.floats(packed))
  }
}
