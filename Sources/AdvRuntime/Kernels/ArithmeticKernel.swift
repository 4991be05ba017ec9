/// A sum, product or difference of two values that lie alike. Halos stay zero under all three.
struct ArithmeticKernel: Kernel {
  enum Operation: String, Sendable {
    case add
    case multiply
    case subtract
  }

  let operation: Operation
  let left: SlotID
  let right: SlotID
  let output: SlotID
  let count: Int  // floats of one image
  let division = Division.images

  var text: String { operation.rawValue }
  var reads: [SlotID] { [left, right] }
  var writes: [SlotID] { [output] }

  func run(_ memory: Memory, _ images: Int) {
    for image in 0..<images {
      let x = memory.floats(left) + image * memory.stride(left)
      let y = memory.floats(right) + image * memory.stride(right)
      let z = memory.floats(output) + image * memory.stride(output)
      switch operation {
      case .add: for index in 0..<count { z[index] = x[index] + y[index] }
      case .multiply: for index in 0..<count { z[index] = x[index] * y[index] }
      case .subtract: for index in 0..<count { z[index] = x[index] - y[index] }
      }
    }
  }
}

/// Zeros for every image.
struct ClearKernel: Kernel {
  let output: SlotID
  let division = Division.images

  var text: String { "clear" }
  var reads: [SlotID] { [] }
  var writes: [SlotID] { [output] }

  func run(_ memory: Memory, _ images: Int) {
    for image in 0..<images {
      (memory.floats(output) + image * memory.stride(output)).update(
        repeating: 0, count: memory.stride(output))
    }
  }
}
