/// A 64-byte aligned block of floats with a single owner at a time for writing.
///
/// The one place where memory is shared by reference: `Tensor` copies it before a write unless it is
/// uniquely referenced, so no two threads ever see a write. That discipline is what `@unchecked` asserts.
final class AlignedStorage: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  static let alignment = 64  // a cache line, and one AVX-512 register

  /// Memory that the caller must initialise before it is read.
  init(uninitialized count: Int) {
    let bytes = Swift.max(count, 1) * MemoryLayout<Float>.stride
    base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
      .bindMemory(to: Float.self, capacity: Swift.max(count, 1))
    self.count = count
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  func copy() -> AlignedStorage {
    let other = AlignedStorage(uninitialized: count)
    other.base.update(from: base, count: count)
    return other
  }
}
