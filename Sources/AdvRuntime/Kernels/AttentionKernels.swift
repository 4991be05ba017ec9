import AdvGraph
import CKernels

/// Products of matrices of each image.
struct MatrixProductKernel: Kernel {
  let isa: AdvkISA
  let sizes: MatrixSizes
  let factor: Float
  let left: SlotID
  let right: SlotID
  let output: SlotID
  let scratch: SlotID  // the rows of B in whole blocks
  let division = Division.images

  var text: String {
    "matrix product \(sizes.count) × (\(sizes.rows)×\(sizes.inner) · \(sizes.inner)×\(sizes.columns))"
  }
  var reads: [SlotID] { [left, right] }
  var writes: [SlotID] { [output, scratch] }

  func run(_ memory: Memory, _ images: Int) {
    var d = AdvkMatrixProduct(
      left: memory.floats(left), left_stride: memory.stride(left), left_row: sizes.leftRow,
      left_column: sizes.leftColumn, right: memory.floats(right), right_stride: memory.stride(right),
      right_row: sizes.rightRow, right_column: sizes.rightColumn, output: memory.floats(output),
      output_stride: memory.stride(output), matrices: sizes.count, rows: sizes.rows, inner: sizes.inner,
      columns: sizes.columns, factor: factor, scratch: memory.floats(scratch))
    advk_matrix_product(isa, &d, 0, images)
  }
}

/// A softmax over each row of every image, or with a saved result its pullback.
struct SoftmaxKernel: Kernel {
  let isa: AdvkISA
  let input: SlotID
  var saved: SlotID?
  let output: SlotID
  let rows: Int
  let features: Int
  let division = Division.images

  var text: String { saved == nil ? "softmax" : "softmax gradient" }
  var reads: [SlotID] { [input] + [saved].compactMap { $0 } }
  var writes: [SlotID] { [output] }

  func run(_ memory: Memory, _ images: Int) {
    for image in 0..<images {
      let y = saved.map { UnsafePointer(memory.floats($0) + image * memory.stride($0)) }
      var d = AdvkSoftmax(
        input: memory.floats(input) + image * memory.stride(input), input_stride: features, saved: y,
        saved_stride: features, output: memory.floats(output) + image * memory.stride(output),
        output_stride: features, features: features)
      if saved == nil {
        advk_softmax_forward(isa, &d, 0, rows)
      } else {
        advk_softmax_input_gradient(isa, &d, 0, rows)
      }
    }
  }
}

/// The axes of a row-major value in another order.
struct TransposeKernel: Kernel {
  let input: SlotID
  let output: SlotID
  let extents: [Int]  // of the result
  let pitches: [Int]  // in the operand, for each axis of the result
  let division = Division.images

  var text: String { "transpose to \(extents)" }
  var reads: [SlotID] { [input] }
  var writes: [SlotID] { [output] }

  func run(_ memory: Memory, _ images: Int) {
    if extents.contains(0) { return }
    for image in 0..<images {
      var target = memory.floats(output) + image * memory.stride(output)
      copy(memory.floats(input) + image * memory.stride(input), to: &target, axis: 0)
    }
  }

  private func copy(
    _ source: UnsafeMutablePointer<Float>, to target: inout UnsafeMutablePointer<Float>, axis: Int
  ) {
    if axis == extents.count {
      target.pointee = source.pointee
      target += 1
      return
    }
    let (count, pitch) = (extents[axis], pitches[axis])
    if axis < extents.count - 1 {
      for index in 0..<count { copy(source + index * pitch, to: &target, axis: axis + 1) }
      return
    }
    for index in 0..<count { target[index] = source[index * pitch] }
    target += count
  }
}
