import CKernels

/// An activation of every element, or, with a saved value, a cotangent times its derivative there.
struct ActivationKernel: Kernel {
  let isa: AdvkISA
  let kind: AdvkActivationKind
  let name: String
  let input: ViewSpec
  let output: ViewSpec
  var a: Float = 0
  var b: Float = 0
  var saved: ViewSpec?
  let division = Division.images

  var text: String { name }
  var reads: [SlotID] { [input.slot] + saved.slots }
  var writes: [SlotID] { [output.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkActivation(
      kind: kind, backward: saved != nil, a: a, b: b, input: input.view(memory), saved: saved.view(memory),
      output: output.view(memory))
    advk_activation(isa, &d, 0, images)
  }
}
