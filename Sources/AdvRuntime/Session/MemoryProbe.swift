import CKernels

/// How fast this machine reads and copies memory.
///
/// Every thread has a buffer of its own, filled before it is timed. Times are the caller's to take.
public final class MemoryProbe: Sendable {
  private let pool: WorkerPool
  private let isa: InstructionSet
  private let count: Int  // floats of a buffer
  private let buffers: [UInt]  // addresses; two buffers for each thread, one behind the other

  /// Buffers of about `bytes` for every thread, and as much again to copy to.
  public init(bytes: Int, pool: WorkerPool, _ isa: InstructionSet = .selected) {
    self.pool = pool
    self.isa = isa
    let count = max(bytes / 256, 1) * 64
    self.count = count
    buffers = (0..<pool.threads).map { _ in
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
      buffer.assumingMemoryBound(to: Float.self).initialize(repeating: 1, count: 2 * count)
      return UInt(bitPattern: buffer)
    }
  }

  deinit { for buffer in buffers { UnsafeMutableRawPointer(bitPattern: buffer)?.deallocate() } }

  /// Reads all buffers so often; returns the bytes that were read.
  public func read(rounds: Int) -> Double {
    let isa = isa.code
    forEach { buffer in
      for _ in 0..<rounds {
        // A sum that no loop can leave out.
        precondition(advk_read_sum(isa, buffer, count) > 0)
      }
    }
    return Double(rounds * pool.threads * count * 4)
  }

  /// Copies all buffers so often; returns the bytes that were read and written.
  public func copy(rounds: Int) -> Double {
    forEach { buffer in
      for _ in 0..<rounds { (buffer + count).update(from: buffer, count: count) }
    }
    return Double(rounds * pool.threads * count * 8)
  }

  private func forEach(_ body: @Sendable (UnsafeMutablePointer<Float>) -> Void) {
    pool.forEach(pool.threads) { task, _ in
      guard let buffer = UnsafeMutablePointer<Float>(bitPattern: buffers[task]) else { return }
      body(buffer)
    }
  }
}
