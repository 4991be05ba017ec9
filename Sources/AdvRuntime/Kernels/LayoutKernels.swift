import CKernels

/// A copy between planes and blocks.
struct LayoutKernel: Kernel {
  let isa: AdvkISA
  let planes: PlanesSpec
  let view: ViewSpec
  let isPacking: Bool  // planes to blocks
  let division = Division.images
  let isShareable = true

  var text: String { isPacking ? "planes to blocks" : "blocks to planes" }
  var reads: [SlotID] { [isPacking ? planes.slot : view.slot] }
  var writes: [SlotID] { [isPacking ? view.slot : planes.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkLayoutCopy(planes: planes.planes(memory), view: view.view(memory), part: memory.part)
    if isPacking {
      advk_planar_to_blocked(isa, &d, 0, images)
    } else {
      advk_blocked_to_planar(isa, &d, 0, images)
    }
  }
}

/// A copy of planes, scaled and shifted for each channel: preprocessing, and putting an image into its halo.
struct PlanarCopyKernel: Kernel {
  let isa: AdvkISA
  let source: PlanesSpec
  let target: PlanesSpec
  var scale: SlotID?
  var shift: SlotID?
  let division = Division.images
  let isShareable = true

  var text: String {
    "copy planes" + (scale == nil ? "" : " · scale") + (shift == nil ? "" : " + shift")
  }
  var reads: [SlotID] { [source.slot] + [scale, shift].compactMap { $0 } }
  var writes: [SlotID] { [target.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkPlanarCopy(
      source: source.planes(memory), destination: target.planes(memory),
      scale: scale.map { UnsafePointer(memory.floats($0)) },
      shift: shift.map { UnsafePointer(memory.floats($0)) }, accumulates: false, part: memory.part)
    advk_planar_copy(isa, &d, 0, images)
  }
}

/// A copy of channels between maps of one size.
struct ChannelCopyKernel: Kernel {
  let isa: AdvkISA
  let source: ViewSpec
  let target: ViewSpec
  let from: Int
  let to: Int
  let channels: Int
  let division = Division.images
  let isShareable = true

  var text: String { "copy channels \(from)..<\(from + channels) to \(to)" }
  var reads: [SlotID] { [source.slot] }
  var writes: [SlotID] { [target.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkChannelCopy(
      source: source.view(memory), destination: target.view(memory), source_channel: from,
      destination_channel: to, channels: channels, accumulates: false, part: memory.part)
    advk_copy_channels(isa, &d, 0, images)
  }
}

/// One number everywhere.
struct FillKernel: Kernel {
  let isa: AdvkISA
  let output: ViewSpec
  let value: Float
  let division = Division.images

  var text: String { "fill with \(value)" }
  var reads: [SlotID] { [] }
  var writes: [SlotID] { [output.slot] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkFill(output: output.view(memory), value: value)
    advk_fill(isa, &d, 0, images)
  }
}
