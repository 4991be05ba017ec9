import AdvGraph
import AdvTensor
import CKernels

/// A slot as kernels on blocked maps see it; anything else is a vector, a map of one pixel.
struct ViewSpec: Sendable {
  let slot: SlotID
  let blocks: Int
  let height: Int
  let width: Int
  let blockStride: Int
  let rowStride: Int
  let origin: Int  // floats from the slot's start to pixel (0, 0)

  init(_ slot: SlotID, _ value: Slot) {
    let shape = value.type.shape
    self.slot = slot
    blocks = (shape.lanes + 15) / 16
    (height, width) = shape.rank == 3 ? (shape[1], shape[2]) : (1, 1)
    let halo = if case .blocked(let halo) = value.layout { halo } else { 0 }
    rowStride = (width + 2 * halo) * 16
    blockStride = (height + 2 * halo) * rowStride
    origin = halo * rowStride + halo * 16
  }

  private init(_ whole: ViewSpec, blocks: Range<Int>, rows: Range<Int>, columns: Range<Int>) {
    slot = whole.slot
    (self.blocks, height, width) = (blocks.count, rows.count, columns.count)
    (rowStride, blockStride) = (whole.rowStride, whole.blockStride)
    origin =
      whole.origin + blocks.lowerBound * blockStride + rows.lowerBound * rowStride + columns.lowerBound * 16
  }

  /// The part of the map within these blocks, rows and columns.
  func part(blocks: Range<Int>? = nil, rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> ViewSpec {
    ViewSpec(
      self, blocks: blocks ?? 0..<self.blocks, rows: rows ?? 0..<height, columns: columns ?? 0..<width)
  }

  /// The view in a worker's memory.
  func view(_ memory: Memory) -> AdvkView {
    AdvkView(
      origin: memory.floats(slot) + origin, image_stride: memory.stride(slot), block_stride: blockStride,
      row_stride: rowStride, blocks: blocks, height: height, width: width)
  }
}

/// A slot as kernels on planes see it.
struct PlanesSpec: Sendable {
  let slot: SlotID
  let channels: Int
  let height: Int
  let width: Int
  let rowStride: Int
  let channelStride: Int
  let origin: Int

  /// The slot as planes of `shape`: its own where it is a map.
  init(_ slot: SlotID, _ value: Slot, as shape: Shape? = nil) {
    let shape = shape ?? value.type.shape
    self.slot = slot
    channels = shape[0]
    (height, width) = shape.rank == 3 ? (shape[1], shape[2]) : (1, 1)
    let halo = if case .planes(let halo) = value.layout { halo } else { 0 }
    rowStride = width + 2 * halo
    channelStride = (height + 2 * halo) * rowStride
    origin = halo * rowStride + halo
  }

  /// The planes in a worker's memory.
  func planes(_ memory: Memory) -> AdvkPlanes {
    AdvkPlanes(
      origin: memory.floats(slot) + origin, image_stride: memory.stride(slot),
      channel_stride: channelStride, row_stride: rowStride, channels: channels, height: height, width: width)
  }
}

/// A slot of bits as kernels see it.
struct MaskSpec: Sendable {
  let slot: SlotID
  let height: Int
  let width: Int

  init(_ slot: SlotID, _ type: TensorType) {
    self.slot = slot
    (height, width) = type.shape.rank == 3 ? (type.shape[1], type.shape[2]) : (1, 1)
  }

  /// The mask in a worker's memory.
  func mask(_ memory: Memory) -> AdvkMask {
    AdvkMask(
      bits: memory.bytes(slot).assumingMemoryBound(to: UInt16.self),
      image_stride: memory.entries[slot].stride / 2, block_stride: height * width, row_stride: width)
  }
}

extension Optional where Wrapped == MaskSpec {
  /// The mask, or none.
  func mask(_ memory: Memory) -> AdvkMask { self?.mask(memory) ?? AdvkMask() }
  /// The slot, if any.
  var slots: [SlotID] { map { [$0.slot] } ?? [] }
}

extension Optional where Wrapped == ViewSpec {
  /// The view, or none.
  func view(_ memory: Memory) -> AdvkView { self?.view(memory) ?? AdvkView() }
  /// The slot, if any.
  var slots: [SlotID] { map { [$0.slot] } ?? [] }
}

extension AdvkWindow {
  /// The window of a convolution with this kernel.
  init(_ convolution: Convolution, kernel: Size2D) {
    let padding = convolution.padding
    self.init(
      kernel_height: kernel.height, kernel_width: kernel.width,
      stride_y: convolution.stride.height, stride_x: convolution.stride.width,
      dilation_y: convolution.dilation.height, dilation_x: convolution.dilation.width,
      padding_top: padding.top, padding_left: padding.left, padding_bottom: padding.bottom,
      padding_right: padding.right)
  }

  /// The window of a pooling.
  init(window: Size2D, stride: Size2D, padding: Padding2D) {
    self.init(Convolution(stride: stride, padding: padding), kernel: window)
  }
}
