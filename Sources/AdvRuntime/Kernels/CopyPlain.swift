/// A copy of plain values: to and from the caller's tensors where these cannot be used in place.
struct CopyPlain: Kernel {
  let source: SlotID
  let target: SlotID
  let count: Int
  let division: Division

  var text: String { "copy \(count) floats" }
  var reads: [SlotID] { [source] }
  var writes: [SlotID] { [target] }

  func run(_ memory: Memory, _ images: Int) {
    let (from, to) = (memory.floats(source), memory.floats(target))
    let (fromStride, toStride) = (memory.stride(source), memory.stride(target))
    let rows = division == .whole ? 1 : images
    for row in 0..<rows where count > 0 {
      (to + row * toStride).update(from: from + row * fromStride, count: count)
    }
  }
}
