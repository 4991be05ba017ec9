/// The frozen values of a plan: written while the plan is built, then read by all sessions.
///
/// Nothing writes after the plan's initialiser returns; that is what `@unchecked` asserts.
final class ConstantMemory: @unchecked Sendable {
  private var blocks: [SlotID: UnsafeMutableRawPointer] = [:]
  /// The sum of all sizes.
  private(set) var bytes = 0

  deinit { for block in blocks.values { block.deallocate() } }

  /// The memory of a slot, zeros when first asked for.
  func memory(of slot: SlotID, bytes count: Int) -> UnsafeMutableRawPointer {
    if let known = blocks[slot] { return known }
    let block = Arena.allocate(count)
    blocks[slot] = block
    bytes += count
    return block
  }

  /// The memory of a slot that was made before.
  subscript(slot: SlotID) -> UnsafeMutableRawPointer? { blocks[slot] }

  /// Gives back the memory of a slot that no remaining step reads.
  func release(_ slot: SlotID, bytes count: Int) {
    guard let block = blocks.removeValue(forKey: slot) else { return }
    block.deallocate()
    bytes -= count
  }
}

/// Cleared, aligned memory that one owner frees.
enum Arena {
  /// Vector loads at the edge of a tile may read, never write, this far beyond the last value.
  static let slack = 4096

  static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes + slack, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes + slack)
    return memory
  }
}
