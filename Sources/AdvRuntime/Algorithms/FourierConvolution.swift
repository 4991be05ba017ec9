import AdvGraph

/// Convolution by products of spectra: overlapping tiles of the image are transformed, multiplied with the
/// spectra of the kernels channel by channel for each frequency, and transformed back (overlap–save).
///
/// The tile's side is the power of two from 2 (k + 1) on, k the longer side of the kernel with its dilation.
/// A stride is taken at the end: the outputs between are computed for nothing. The spectra of the weights
/// serve both directions, forward as conjugates.
struct FourierConvolution: ConvolutionAlgorithm {
  let problem: ConvolutionProblem
  private let transform: FourierTransform
  private let extent: Size2D  // of the kernel with its dilation

  private static let lanes = 16

  init(_ problem: ConvolutionProblem) {
    self.problem = problem
    extent = Size2D(
      (problem.kernel.height - 1) * problem.dilation.height + 1,
      (problem.kernel.width - 1) * problem.dilation.width + 1)
    var side = 8
    while side < 2 * (max(extent.height, extent.width) + 1) { side *= 2 }
    transform = FourierTransform(side: side)
  }

  private var side: Int { transform.side }
  /// Results of a tile that no wrap-around spoils.
  private var valid: Size2D { Size2D(side - extent.height + 1, side - extent.width + 1) }

  /// W̄ as `[frequency, O, C]`.
  var preparedBytes: Int { transform.frequencies * problem.outputs * problem.inputs * 8 }

  var scratchBytes: Int {
    let spectra = max(tiles(covering: forwardExtent).padded, tiles(covering: problem.input).padded)
    return workBytes + transform.frequencies * (problem.inputs + problem.outputs) * spectra * 8
  }

  /// One tile, its spectrum and the transform's own memory, all in 16 lanes.
  private var workBytes: Int {
    (side * side + 2 * transform.frequencies + transform.scratchCount) * MemoryLayout<SIMD16<Float>>.stride
  }

  /// The outputs at stride 1.
  private var forwardExtent: Size2D {
    Size2D(
      (problem.output.height - 1) * problem.stride.height + 1,
      (problem.output.width - 1) * problem.stride.width + 1)
  }

  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: workBytes, alignment: 64)
    defer { memory.deallocate() }
    let work = Work(memory, transform)
    let spectra = prepared.assumingMemoryBound(to: Float.self)
    let (inputs, taps) = (problem.inputs, problem.taps)
    for output in 0..<problem.outputs {
      for first in stride(from: 0, to: inputs, by: Self.lanes) {
        let count = min(Self.lanes, inputs - first)
        work.tile.update(repeating: SIMD16(), count: side * side)
        for tap in 0..<taps {
          let y = tap / problem.kernel.width * problem.dilation.height
          let x = tap % problem.kernel.width * problem.dilation.width
          for lane in 0..<count {
            work.tile[y * side + x][lane] = weights[(output * inputs + first + lane) * taps + tap]
          }
        }
        transform.forward(work.tile, real: work.real, imaginary: work.imaginary, work.scratch)
        for frequency in 0..<transform.frequencies {
          let target = spectra + ((frequency * problem.outputs + output) * inputs + first) * 2
          for lane in 0..<count {
            target[2 * lane] = work.real[frequency][lane]
            target[2 * lane + 1] = -work.imaginary[frequency][lane]
          }
        }
      }
    }
  }

  // y(p) = Σ x(p + q) w(q)    so: Y = X · W̄, right where p + q stays inside the tile.
  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>
  ) {
    let source = Planes(
      size: problem.input, count: problem.inputs, spacing: Size2D(1),
      origin: Size2D(-problem.padding.top, -problem.padding.left))
    let target = Planes(
      size: problem.output, count: problem.outputs, spacing: problem.stride, origin: Size2D(0))
    convolve(
      x, source, isAdjoint: false, prepared, scratch, tiles(covering: forwardExtent), into: y, target,
      skipping: Size2D(0))
  }

  // dx(p) = Σ dy(p − q) w(q)    so: DX = DY · W, right from the kernel's last tap on; dy stands at its
  // stride.
  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let margin = Size2D(extent.height - 1, extent.width - 1)
    let source = Planes(
      size: problem.output, count: problem.outputs, spacing: problem.stride,
      origin: Size2D(problem.padding.top - margin.height, problem.padding.left - margin.width))
    let target = Planes(size: problem.input, count: problem.inputs, spacing: Size2D(1), origin: Size2D(0))
    convolve(
      dy, source, isAdjoint: true, prepared, scratch, tiles(covering: problem.input), into: dx, target,
      skipping: margin)
  }
}

/// The planes at one end of the convolution: element (i, j) stands at (i, j) · spacing of the grid of stride
/// 1.
private struct Planes {
  let size: Size2D
  let count: Int
  let spacing: Size2D
  let origin: Size2D  // of the first tile on that grid
}

/// The tiles of an image, numbered row by row.
private struct Tiles {
  let columns, count: Int
  /// The count in whole vectors.
  var padded: Int { (count + 15) / 16 * 16 }
}

/// The memory of one batch of 16 transforms.
private struct Work {
  let tile, real, imaginary, scratch: FourierTransform.Vector

  init(_ memory: UnsafeMutableRawPointer, _ transform: FourierTransform) {
    tile = memory.assumingMemoryBound(to: SIMD16<Float>.self)
    real = tile + transform.side * transform.side
    imaginary = real + transform.frequencies
    scratch = imaginary + transform.frequencies
  }
}

extension FourierConvolution {
  private func tiles(covering size: Size2D) -> Tiles {
    let columns = (size.width + valid.width - 1) / valid.width
    return Tiles(columns: columns, count: (size.height + valid.height - 1) / valid.height * columns)
  }

  /// Source planes to target planes: transform, multiply for each frequency, transform back.
  private func convolve(
    _ values: UnsafePointer<Float>, _ source: Planes, isAdjoint: Bool, _ prepared: UnsafeRawPointer,
    _ memory: UnsafeMutableRawPointer, _ tiles: Tiles, into result: UnsafeMutablePointer<Float>,
    _ target: Planes, skipping margin: Size2D
  ) {
    let work = Work(memory, transform)
    let before = (memory + workBytes).assumingMemoryBound(to: Float.self)
    let after = before + transform.frequencies * source.count * tiles.padded * 2
    for plane in 0..<source.count {
      for first in stride(from: 0, to: tiles.count, by: Self.lanes) {
        load(values + plane * source.size.height * source.size.width, source, tiles, first, work.tile)
        transform.forward(work.tile, real: work.real, imaginary: work.imaginary, work.scratch)
        exchange(before, work, row: plane, of: source.count, tiles, first, isStoring: true)
      }
    }
    let weights = prepared.assumingMemoryBound(to: Float.self)
    for frequency in 0..<transform.frequencies {
      ComplexMatrix.multiply(
        weights + frequency * problem.outputs * problem.inputs * 2, isAdjoint: isAdjoint,
        before + frequency * source.count * tiles.padded * 2,
        into: after + frequency * target.count * tiles.padded * 2, rows: target.count, depth: source.count,
        columns: tiles.padded)
    }
    for plane in 0..<target.count {
      for first in stride(from: 0, to: tiles.count, by: Self.lanes) {
        exchange(after, work, row: plane, of: target.count, tiles, first, isStoring: false)
        transform.inverse(real: work.real, imaginary: work.imaginary, work.tile, work.scratch)
        let image = result + plane * target.size.height * target.size.width
        store(work.tile, tiles, first, into: image, target, skipping: margin)
      }
    }
  }

  /// Between 16 spectra in lanes and the matrices `[frequency, plane, tile]` of complex numbers.
  private func exchange(
    _ matrices: UnsafeMutablePointer<Float>, _ work: Work, row: Int, of rows: Int, _ tiles: Tiles,
    _ first: Int, isStoring: Bool
  ) {
    for frequency in 0..<transform.frequencies {
      let place = UnsafeMutableRawPointer(
        matrices + ((frequency * rows + row) * tiles.padded + first) * 2)
      if isStoring {
        var pairs = SIMD32<Float>()
        (pairs.evenHalf, pairs.oddHalf) = (work.real[frequency], work.imaginary[frequency])
        place.storeBytes(of: pairs, as: SIMD32<Float>.self)
      } else {
        let pairs = place.loadUnaligned(as: SIMD32<Float>.self)
        (work.real[frequency], work.imaginary[frequency]) = (pairs.evenHalf, pairs.oddHalf)
      }
    }
  }

  /// 16 tiles from `first` on, zeros beside the plane and between its elements.
  private func load(
    _ plane: UnsafePointer<Float>, _ planes: Planes, _ tiles: Tiles, _ first: Int,
    _ tile: FourierTransform.Vector
  ) {
    tile.update(repeating: SIMD16(), count: side * side)
    for lane in 0..<min(Self.lanes, tiles.count - first) {
      let (row, column) = (first + lane).quotientAndRemainder(dividingBy: tiles.columns)
      let top = row * valid.height + planes.origin.height
      let left = column * valid.width + planes.origin.width
      for y in planes.positions(from: top, count: side, planes.size.height, planes.spacing.height) {
        for x in planes.positions(from: left, count: side, planes.size.width, planes.spacing.width) {
          let place = (y * planes.spacing.height - top) * side + x * planes.spacing.width - left
          tile[place][lane] = plane[y * planes.size.width + x]
        }
      }
    }
  }

  /// What is right of 16 tiles from `first` on, as far as the plane has elements there.
  private func store(
    _ tile: FourierTransform.Vector, _ tiles: Tiles, _ first: Int, into plane: UnsafeMutablePointer<Float>,
    _ planes: Planes, skipping margin: Size2D
  ) {
    for lane in 0..<min(Self.lanes, tiles.count - first) {
      let (row, column) = (first + lane).quotientAndRemainder(dividingBy: tiles.columns)
      let (top, left) = (row * valid.height, column * valid.width)
      for y in planes.positions(from: top, count: valid.height, planes.size.height, planes.spacing.height) {
        for x in planes.positions(from: left, count: valid.width, planes.size.width, planes.spacing.width) {
          let place =
            (y * planes.spacing.height - top + margin.height) * side
            + x * planes.spacing.width - left + margin.width
          plane[y * planes.size.width + x] = tile[place][lane]
        }
      }
    }
  }
}

extension Planes {
  /// The elements i < size whose place i · spacing lies in `first ..< first + count`.
  fileprivate func positions(from first: Int, count: Int, _ size: Int, _ spacing: Int) -> Range<Int> {
    let start = first <= 0 ? 0 : (first + spacing - 1) / spacing
    let end = first + count <= 0 ? 0 : (first + count + spacing - 1) / spacing
    return min(start, size)..<max(min(end, size), min(start, size))
  }
}
