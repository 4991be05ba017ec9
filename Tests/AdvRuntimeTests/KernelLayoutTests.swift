import CKernels
import Testing

/// Copies between layouts move every element once and write nothing else; channel sums agree with naive loops.
@Suite struct KernelLayoutTests {
  @Test(arguments: [1, 3, 16, 23, 48]) func `planes to blocks and back is the identity`(_ channels: Int) {
    let x = PlanarMap(3, channels, 4, 7, seed: 91)
    for isa in kernelISAs {
      let halo = AdvkHalo(top: 1, bottom: 2, left: 3, right: 1)
      let planes = KernelMap(x, blocked: false)
      let blocked = KernelMap(PlanarMap(3, channels, 4, 7, seed: 92), halo: halo, outside: 7)
      for i in blocked.memory.indices where blocked.memory[i] != 7 { blocked.memory[i] = 4 }
      let back = KernelMap(PlanarMap(3, channels, 4, 7), halo: halo, outside: 7, blocked: false)
      var d = AdvkLayoutCopy(planes: planes.planes, view: blocked.view, part: AdvkPart())
      advk_planar_to_blocked(isa, &d, 0, 3)
      d.planes = back.planes
      advk_blocked_to_planar(isa, &d, 0, 3)
      #expect(blocked.planar.values == x.values && back.planar.values == x.values, "\(isa)")
      #expect(blocked.haloIsIntact && back.haloIsIntact)
      let padding = (channels..<(blocked.blocks * 16)).map { blocked.memory[blocked.offset(2, $0, 3, 6)] }
      #expect(padding.allSatisfy { $0 == 0 }, "\(isa)")
    }
  }

  @Test func `planar copy scales, shifts and adds`() {
    let x = PlanarMap(2, 3, 5, 9, seed: 93)
    let (scale, shift): ([Float], [Float]) = ([2, -3, 0.5], [1, 0, -1])
    for isa in kernelISAs {
      let source = KernelMap(x, blocked: false)
      let halo = AdvkHalo(top: 2, bottom: 1, left: 1, right: 3)
      let destination = KernelMap(x, halo: halo, outside: 7, blocked: false)
      scale.withUnsafeBufferPointer { scale in
        shift.withUnsafeBufferPointer { shift in
          var d = AdvkPlanarCopy()
          (d.source, d.destination, d.scale, d.shift) = (
            source.planes, destination.planes, scale.baseAddress, shift.baseAddress
          )
          advk_planar_copy(isa, &d, 0, 1)
          d.accumulates = true
          advk_planar_copy(isa, &d, 1, 1)
        }
      }
      var expected = x.values.map(Double.init)
      x.forEach { n, c, row, column in
        let i = x.index(n, c, row, column)
        expected[i] = (n == 1 ? expected[i] : 0) + Double(x.values[i]) * Double(scale[c]) + Double(shift[c])
      }
      #expect(kernelError(destination.planar.values, expected) < 1e-6, "\(isa)")
      #expect(destination.haloIsIntact)
    }
  }

  @Test(
    arguments: [(0, 0, 32), (0, 16, 20), (3, 9, 21), (15, 0, 17), (5, 5, 1), (0, 12, 40)], [false, true])
  func `channel copy moves the channels and keeps the others`(_ range: (Int, Int, Int), _ accumulates: Bool) {
    let (from, to, count) = range
    let source = PlanarMap(2, 44, 3, 4, seed: 94)
    let before = PlanarMap(2, 55, 3, 4, seed: 95)
    var expected = before
    for n in 0..<2 {
      for c in 0..<count {
        for y in 0..<3 {
          for x in 0..<4 {
            expected[n, to + c, y, x] =
              (accumulates ? before[n, to + c, y, x] : 0) + source[n, from + c, y, x]
          }
        }
      }
    }
    for isa in kernelISAs {
      let input = KernelMap(source)
      let output = KernelMap(before, halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 7)
      var d = AdvkChannelCopy(
        source: input.view, destination: output.view, source_channel: from, destination_channel: to,
        channels: count, accumulates: accumulates, part: AdvkPart())
      advk_copy_channels(isa, &d, 0, 2)
      #expect(output.planar.values == expected.values && output.haloIsIntact, "\(isa)")
    }
  }

  @Test func `fill sets the interior alone`() {
    for isa in kernelISAs {
      let map = KernelMap(
        PlanarMap(3, 16, 2, 3, seed: 96), halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 7)
      let before = map.planar.values
      var d = AdvkFill(output: map.view, value: 2.5)
      advk_fill(isa, &d, 1, 2)
      #expect(map.haloIsIntact)
      #expect(
        map.planar.values == before.prefix(before.count / 3)
          + Array(repeating: 2.5, count: before.count * 2 / 3))
    }
  }

  @Test func `channel sums agree with naive loops and add image by image`() {
    let a = PlanarMap(4, 21, 5, 6, seed: 97)
    let b = PlanarMap(4, 21, 5, 6, seed: 98)
    let (aCentre, bCentre) = (kernelNumbers(32, seed: 99), kernelNumbers(32, seed: 100))
    var sums = [Double](repeating: 1, count: 21)
    var products = [Double](repeating: 2, count: 21)
    a.forEach { n, c, row, column in
      let value = Double(a[n, c, row, column]) - Double(aCentre[c])
      sums[c] += value
      products[c] += value * (Double(b[n, c, row, column]) - Double(bCentre[c]))
    }
    for isa in kernelISAs {
      let (left, right) = (KernelMap(a), KernelMap(b, halo: AdvkHalo(top: 1, bottom: 0, left: 1, right: 0)))
      func run(_ ranges: [(Int, Int)]) -> ([Double], [Double]) {
        var sums = [Double](repeating: 1, count: 32)
        var products = [Double](repeating: 2, count: 32)
        aCentre.withUnsafeBufferPointer { aCentre in
          bCentre.withUnsafeBufferPointer { bCentre in
            sums.withUnsafeMutableBufferPointer { sums in
              products.withUnsafeMutableBufferPointer { products in
                var d = AdvkChannelSums(
                  a: left.view, b: right.view, a_centre: aCentre.baseAddress, b_centre: bCentre.baseAddress,
                  sums: sums.baseAddress, products: products.baseAddress)
                for (first, count) in ranges { advk_channel_sums(isa, &d, first, count) }
              }
            }
          }
        }
        return (sums, products)
      }
      let together = run([(0, 4)])
      #expect(kernelError(together.0.prefix(21).map(Float.init), sums) < 1e-6, "\(isa)")
      #expect(kernelError(together.1.prefix(21).map(Float.init), products) < 1e-6, "\(isa)")
      #expect(together == run([(0, 1), (1, 2), (3, 1)]), "\(isa)")
    }
  }

  @Test func `instruction sets have names and plain is always there`() {
    #expect(advk_isa_is_supported(.plain) && advk_isa_is_supported(advk_isa_best()))
    for isa in [AdvkISA.plain, .avx2, .avx512] {
      var found = AdvkISA.plain
      #expect(advk_isa_named(advk_isa_name(isa), &found) && found == isa)
    }
    var untouched = AdvkISA.avx2
    #expect(!advk_isa_named("avx1024", &untouched) && untouched == .avx2)
  }
}
