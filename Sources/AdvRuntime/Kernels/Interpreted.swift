import AdvGraph
import AdvTensor

/// A step without a kernel of its own: `Operator.evaluate` on plain values. Correct, slow, and allocating;
/// the plan's text names each such step.
struct Interpreted: Kernel {
  let operation: any Operator
  let operands: [(slot: SlotID, type: TensorType)]
  let result: SlotID
  let resultType: TensorType
  let division: Division

  var text: String { "interpreted \(operation.text)" }
  var reads: [SlotID] { operands.map(\.slot) }
  var writes: [SlotID] { [result] }

  func run(_ memory: Memory, _ images: Int) {
    let values = operands.map { Self.load($0.slot, $0.type, memory, images) }
    let value = operation.evaluate(values)
    let count = resultType.shape.elementCount
    let target = memory.floats(result)
    value.elements.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress, count > 0 else { return }
      for image in 0..<value.images {
        (target + image * memory.stride(result)).update(from: source + image * count, count: count)
      }
    }
  }

  private static func load(
    _ slot: SlotID, _ type: TensorType, _ memory: Memory, _ images: Int
  ) -> ReferenceTensor<Float> {
    let count = type.shape.elementCount
    let rows = type.multiplicity == .shared ? 1 : images
    let source = memory.floats(slot)
    let stride = memory.stride(slot)
    let elements = [Float](unsafeUninitializedCapacity: rows * count) { buffer, initialized in
      for row in 0..<rows where count > 0 {
        (buffer.baseAddress! + row * count).update(from: source + row * stride, count: count)
      }
      initialized = rows * count
    }
    return ReferenceTensor(type, images: rows, elements)
  }
}
