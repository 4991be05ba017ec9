import AdvGraph
import AdvTensor
import CKernels

// Concatenation, slices and borders move boxes of pixels: channels by copies between blocks, rows and columns
// by views that begin inside a map, strides by a pooling with a window of one pixel.

extension Concat: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard axis == 0, site.types.allSatisfy({ $0.isViewable }) else { return nil }
    return site.operands.map { _ in .view(halo: 0) }
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let inputs = site.operands.map { lowering.view(of: $0) }
    let output = lowering.defineView(site.node)
    lowering.clearLastBlock(output, channels: site.result.shape[0])
    var channel = 0
    for (input, type) in zip(inputs, site.types) {
      let count = type.shape[0]
      lowering.emitChannelCopy(input, output, from: 0, to: channel, channels: count)
      channel += count
    }
  }
}

extension Slice: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard site.types[0].isViewable, strides[0] == 1, site.result.shape.elementCount > 0 else { return nil }
    return isStrided && !takesWholeBlocks(of: site.types[0]) ? nil : [.view(halo: 0)]
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    let output = lowering.defineView(site.node)
    if isStrided {
      let part = input.part(blocks: starts[0] / 16..<(ends[0] + 15) / 16, rows: rows, columns: columns)
      lowering.emit(PoolKernel(lowering.isa, .average, part, output, pixelWindow))
    } else {
      let part = strides.count == 3 ? input.part(rows: rows, columns: columns) : input
      lowering.clearLastBlock(output, channels: site.result.shape[0])
      lowering.emitChannelCopy(part, output, from: starts[0], to: 0, channels: ends[0] - starts[0])
    }
  }
}

extension SliceInputGradient: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    guard site.result.isViewable, slice.strides[0] == 1, site.types[0].shape.elementCount > 0 else {
      return nil
    }
    return slice.isStrided && !slice.takesWholeBlocks(of: site.result) ? nil : [.view(halo: 0)]
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    let output = lowering.defineView(site.node)
    let isMap = slice.strides.count == 3
    let part = isMap ? output.part(rows: slice.rows, columns: slice.columns) : output
    lowering.emit(FillKernel(isa: lowering.isa, output: output, value: 0))
    if slice.isStrided {
      let blocks = part.part(blocks: slice.starts[0] / 16..<(slice.ends[0] + 15) / 16)
      lowering.emit(PoolKernel(lowering.isa, .averageGradient, input, blocks, slice.pixelWindow))
    } else {
      let count = slice.ends[0] - slice.starts[0]
      lowering.emitChannelCopy(input, part, from: 0, to: slice.starts[0], channels: count)
    }
  }
}

extension Pad: Lowerable {
  func demands(at site: LoweringSite) -> [Demand]? {
    // Lanes past the last channel hold zeros, so another border would have to stop at the last channel.
    let fits = value == 0 || site.result.shape[0] % 16 == 0
    return site.types[0].isViewable && fits ? [.view(halo: 0)] : nil
  }

  func lower(at site: LoweringSite, into lowering: inout Lowering) {
    let input = lowering.view(of: site.operands[0])
    let output = lowering.defineView(site.node)
    lowering.emit(FillKernel(isa: lowering.isa, output: output, value: value))
    var part = output
    if site.result.isMap {
      part = output.part(
        rows: before[1]..<before[1] + input.height, columns: before[2]..<before[2] + input.width)
    }
    lowering.emitChannelCopy(input, part, from: 0, to: before[0], channels: site.types[0].shape[0])
  }
}

extension Slice {
  fileprivate var isStrided: Bool { strides.dropFirst().contains { $0 > 1 } }
  fileprivate var rows: Range<Int> { starts[1]..<ends[1] }
  fileprivate var columns: Range<Int> { starts[2]..<ends[2] }

  fileprivate var pixelWindow: AdvkWindow {
    AdvkWindow(window: Size2D(1), stride: Size2D(strides[1], strides[2]), padding: Padding2D(0))
  }

  /// A pooling sees blocks, not channels.
  fileprivate func takesWholeBlocks(of type: TensorType) -> Bool {
    starts[0] % 16 == 0 && (ends[0] % 16 == 0 || ends[0] == type.shape[0])
  }
}

extension Lowering {
  /// Makes the lanes past the last channel zeros, where copies of channels leave them alone.
  fileprivate mutating func clearLastBlock(_ view: ViewSpec, channels: Int) {
    guard channels % 16 != 0, channels > 0 else { return }
    emit(FillKernel(isa: isa, output: view.part(blocks: view.blocks - 1..<view.blocks), value: 0))
  }

  fileprivate mutating func emitChannelCopy(
    _ source: ViewSpec, _ target: ViewSpec, from: Int, to: Int, channels: Int
  ) {
    guard channels > 0 else { return }
    emit(
      ChannelCopyKernel(isa: isa, source: source, target: target, from: from, to: to, channels: channels))
  }
}
