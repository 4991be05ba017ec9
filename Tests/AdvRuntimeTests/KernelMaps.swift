import CKernels

/// Deterministic numbers in -1 ..< 1 for kernel tests.
func kernelNumbers(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(1 << 31)
  }
}

/// The instruction sets that this machine can run.
let kernelISAs: [AdvkISA] = [AdvkISA.plain, .avx2, .avx512].filter { advk_isa_is_supported($0) }

/// Images x channels x height x width, planar and dense: what the naive loops work on.
struct PlanarMap {
  var images: Int
  var channels: Int
  var height: Int
  var width: Int
  var values: [Float]

  init(_ images: Int, _ channels: Int, _ height: Int, _ width: Int, seed: UInt64? = nil) {
    (self.images, self.channels, self.height, self.width) = (images, channels, height, width)
    let count = images * channels * height * width
    values = seed.map { kernelNumbers(count, seed: $0) } ?? Array(repeating: 0, count: count)
  }

  func index(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int { ((n * channels + c) * height + y) * width + x }

  subscript(n: Int, c: Int, y: Int, x: Int) -> Float {
    get { values[index(n, c, y, x)] }
    set { values[index(n, c, y, x)] = newValue }
  }

  func contains(_ y: Int, _ x: Int) -> Bool { y >= 0 && y < height && x >= 0 && x < width }

  /// Calls `body` with every (image, channel, row, column).
  func forEach(_ body: (Int, Int, Int, Int) -> Void) {
    for n in 0..<images {
      for c in 0..<channels {
        for y in 0..<height { for x in 0..<width { body(n, c, y, x) } }
      }
    }
  }
}

/// Memory of a map in a kernel's layout, with a halo that holds a value of its own, so that a write to it shows.
final class KernelMap {
  let images: Int
  let channels: Int
  let height: Int
  let width: Int
  let halo: AdvkHalo
  let outside: Float
  let isBlocked: Bool
  let memory: UnsafeMutableBufferPointer<Float>

  /// `shape` has one more image's worth of nothing: the memory starts at an address that is not a multiple of 64.
  init(_ map: PlanarMap, halo: AdvkHalo = AdvkHalo(), outside: Float = 0, blocked: Bool = true) {
    (images, channels, height, width) = (map.images, map.channels, map.height, map.width)
    self.halo = halo
    self.outside = outside
    isBlocked = blocked
    let planes = blocked ? (map.channels + 15) / 16 * 16 : map.channels
    let pixels = (map.height + halo.top + halo.bottom) * (map.width + halo.left + halo.right)
    memory = .allocate(capacity: map.images * planes * pixels)
    memory.initialize(repeating: 0)
    fillHalo()
    map.forEach { n, c, y, x in memory[offset(n, c, y, x)] = map[n, c, y, x] }
  }

  deinit { memory.deallocate() }

  var blocks: Int { (channels + 15) / 16 }
  var rowStride: Int { (width + halo.left + halo.right) * (isBlocked ? 16 : 1) }
  var planeStride: Int { rowStride * (height + halo.top + halo.bottom) }
  var imageStride: Int { planeStride * (isBlocked ? blocks : channels) }
  var originOffset: Int { halo.top * rowStride + halo.left * (isBlocked ? 16 : 1) }

  func offset(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
    let plane = isBlocked ? c / 16 : c
    let column = isBlocked ? x * 16 + c % 16 : x
    return originOffset + n * imageStride + plane * planeStride + y * rowStride + column
  }

  private func fillHalo() {
    for n in 0..<images {
      for c in 0..<(isBlocked ? blocks * 16 : channels) {
        for y in -halo.top..<(height + halo.bottom) {
          for x in -halo.left..<(width + halo.right) where y < 0 || y >= height || x < 0 || x >= width {
            memory[offset(n, c, y, x)] = outside
          }
        }
      }
    }
  }

  /// Whether every float of the halo still has its value.
  var haloIsIntact: Bool {
    for n in 0..<images {
      for c in 0..<(isBlocked ? blocks * 16 : channels) {
        for y in -halo.top..<(height + halo.bottom) {
          for x in -halo.left..<(width + halo.right) where y < 0 || y >= height || x < 0 || x >= width {
            if memory[offset(n, c, y, x)] != outside { return false }
          }
        }
      }
    }
    return true
  }

  var view: AdvkView {
    AdvkView(
      origin: memory.baseAddress.map { $0 + originOffset }, image_stride: imageStride,
      block_stride: planeStride,
      row_stride: rowStride, blocks: blocks, height: height, width: width)
  }

  var planes: AdvkPlanes {
    AdvkPlanes(
      origin: memory.baseAddress.map { $0 + originOffset }, image_stride: imageStride,
      channel_stride: planeStride, row_stride: rowStride, channels: channels, height: height, width: width)
  }

  var planar: PlanarMap {
    var map = PlanarMap(images, channels, height, width)
    for n in 0..<images {
      for c in 0..<channels {
        for y in 0..<height { for x in 0..<width { map[n, c, y, x] = memory[offset(n, c, y, x)] } }
      }
    }
    return map
  }
}

/// Memory of mask bits for a map.
final class KernelMask {
  let words: UnsafeMutableBufferPointer<UInt16>
  let blocks: Int
  let height: Int
  let width: Int

  init(images: Int, channels: Int, height: Int, width: Int, seed: UInt64 = 0) {
    (blocks, self.height, self.width) = ((channels + 15) / 16, height, width)
    words = .allocate(capacity: images * blocks * height * width)
    words.initialize(repeating: 0)
    for (i, number) in kernelNumbers(words.count, seed: seed).enumerated() {
      words[i] = UInt16(truncatingIfNeeded: number.bitPattern)
    }
  }

  deinit { words.deallocate() }

  var mask: AdvkMask {
    AdvkMask(
      bits: words.baseAddress, image_stride: blocks * height * width, block_stride: height * width,
      row_stride: width)
  }

  subscript(n: Int, c: Int, y: Int, x: Int) -> Bool {
    words[((n * blocks + c / 16) * height + y) * width + x] >> UInt16(c % 16) & 1 == 1
  }
}

/// The largest difference, relative to the largest expected magnitude (or 1). NaN anywhere is infinitely far.
func kernelError(_ actual: [Float], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  let scale = max(1, expected.reduce(0) { max($0, abs($1)) })
  return zip(actual, expected).reduce(0) { worst, pair in
    let difference = abs(Double(pair.0) - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference / scale)
  }
}
