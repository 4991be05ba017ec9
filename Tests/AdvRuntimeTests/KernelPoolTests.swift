import CKernels
import Testing

/// Pooling agrees with naive loops over windows clipped to the map.
@Suite struct KernelPoolTests {
  struct PoolCase: Sendable {
    var channels = 20
    var size = (8, 9)
    var output = (4, 4)
    var window = AdvkWindow(
      kernel_height: 2, kernel_width: 2, stride_y: 2, stride_x: 2, dilation_y: 1, dilation_x: 1,
      padding_top: 0,
      padding_left: 0, padding_bottom: 0, padding_right: 0)

    /// Calls `body(n, c, oy, ox, kernel position, y, x)` for every position of every window, clipped to the map.
    func forEachPosition(_ images: Int, _ body: (Int, Int, Int, Int, Int, Int, Int) -> Void) {
      let map = PlanarMap(images, channels, size.0, size.1)
      PlanarMap(images, channels, output.0, output.1).forEach { n, c, oy, ox in
        for ky in 0..<window.kernel_height {
          for kx in 0..<window.kernel_width {
            let y = oy * window.stride_y + ky * window.dilation_y - window.padding_top
            let x = ox * window.stride_x + kx * window.dilation_x - window.padding_left
            if map.contains(y, x) { body(n, c, oy, ox, ky * window.kernel_width + kx, y, x) }
          }
        }
      }
    }

    /// What PyTorch divides the sum of a window by.
    func divisor(_ oy: Int, _ ox: Int, _ includesPadding: Bool) -> Double {
      func count(_ at: Int, _ stride: Int, _ kernel: Int, _ size: Int, _ before: Int, _ after: Int) -> Int {
        let start = at * stride - before
        let end = min(start + kernel, size + after)
        return includesPadding ? end - start : min(end, size) - max(start, 0)
      }
      let w = window
      return Double(
        count(oy, w.stride_y, w.kernel_height, size.0, w.padding_top, w.padding_bottom)
          * count(ox, w.stride_x, w.kernel_width, size.1, w.padding_left, w.padding_right))
    }
  }

  static func window(
    _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int, Int, Int), dilation: Int = 1
  )
    -> AdvkWindow
  {
    AdvkWindow(
      kernel_height: kernel.0, kernel_width: kernel.1, stride_y: stride.0, stride_x: stride.1,
      dilation_y: dilation,
      dilation_x: dilation, padding_top: padding.0, padding_left: padding.1, padding_bottom: padding.2,
      padding_right: padding.3)
  }

  static let cases: [PoolCase] = [
    PoolCase(),
    PoolCase(channels: 16, size: (12, 13), output: (6, 7), window: window((3, 3), (2, 2), (1, 1, 1, 1))),
    PoolCase(channels: 7, size: (7, 7), output: (7, 7), window: window((3, 3), (1, 1), (1, 1, 1, 1))),
    // An output size that is rounded up: the last windows hang over the edge.
    PoolCase(channels: 33, size: (8, 6), output: (4, 3), window: window((3, 3), (2, 2), (0, 0, 0, 0))),
    PoolCase(channels: 16, size: (9, 10), output: (3, 4), window: window((2, 3), (3, 3), (0, 1, 1, 0))),
    PoolCase(channels: 5, size: (5, 4), output: (1, 1), window: window((5, 4), (1, 1), (0, 0, 0, 0))),
  ]

  @Test(arguments: cases, [false, true]) func `maximum and its gradient agree with naive loops`(
    _ pool: PoolCase, _ foldsReLU: Bool
  ) {
    // Few distinct values, so that ties are common.
    var x = PlanarMap(2, pool.channels, pool.size.0, pool.size.1, seed: 61)
    for i in x.values.indices { x.values[i] = (x.values[i] * 3 - 0.7).rounded() }
    let dy = PlanarMap(2, pool.channels, pool.output.0, pool.output.1, seed: 62)
    var y = PlanarMap(2, pool.channels, pool.output.0, pool.output.1)
    var winners = [(Int, Int)?](repeating: nil, count: y.values.count)
    for i in y.values.indices { y.values[i] = -.infinity }
    pool.forEachPosition(2) { n, c, oy, ox, _, row, column in
      let o = y.index(n, c, oy, ox)
      if x[n, c, row, column] > y.values[o] {
        (y.values[o], winners[o]) = (x[n, c, row, column], (row, column))
      }
    }
    let before = PlanarMap(2, pool.channels, pool.size.0, pool.size.1, seed: 63)
    var dx = before.values.map(Double.init)
    y.forEach { n, c, oy, ox in
      let o = y.index(n, c, oy, ox)
      if foldsReLU && y.values[o] <= 0 {
        y.values[o] = 0
      } else if let winner = winners[o] {
        dx[x.index(n, c, winner.0, winner.1)] += Double(dy.values[o])
      }
    }
    for isa in kernelISAs {
      let input = KernelMap(x, halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 99)
      let output = KernelMap(y, halo: AdvkHalo(top: 2, bottom: 0, left: 1, right: 0), outside: 7)
      let outputGradient = KernelMap(dy)
      let inputGradient = KernelMap(before, halo: AdvkHalo(top: 1, bottom: 1, left: 1, right: 1), outside: 7)
      var indices = [UInt8](repeating: 0, count: 2 * output.blocks * pool.output.0 * pool.output.1 * 16)
      for i in output.memory.indices where output.memory[i] != 7 { output.memory[i] = -5 }
      indices.withUnsafeMutableBufferPointer { indices in
        var d = AdvkPool()
        (d.input, d.output, d.window, d.indices) = (input.view, output.view, pool.window, indices.baseAddress)
        d.folds_relu = foldsReLU
        advk_max_pool_forward(isa, &d, 0, 1)
        advk_max_pool_forward(isa, &d, 1, 1)
        (d.input, d.output, d.accumulates) = (outputGradient.view, inputGradient.view, true)
        advk_max_pool_input_gradient(isa, &d, 0, 2)
      }
      #expect(output.planar.values == y.values, "\(isa)")
      #expect(kernelError(inputGradient.planar.values, dx) < 1e-6, "\(isa)")
      #expect(output.haloIsIntact && inputGradient.haloIsIntact)
    }
  }

  @Test(arguments: cases, [false, true]) func `mean and its gradient agree with naive loops`(
    _ pool: PoolCase, _ includesPadding: Bool
  ) {
    let x = PlanarMap(2, pool.channels, pool.size.0, pool.size.1, seed: 64)
    let dy = PlanarMap(2, pool.channels, pool.output.0, pool.output.1, seed: 65)
    var y = [Double](repeating: 0, count: dy.values.count)
    var dx = [Double](repeating: 0, count: x.values.count)
    pool.forEachPosition(2) { n, c, oy, ox, _, row, column in
      let divisor = pool.divisor(oy, ox, includesPadding)
      y[dy.index(n, c, oy, ox)] += Double(x[n, c, row, column]) / divisor
      dx[x.index(n, c, row, column)] += Double(dy[n, c, oy, ox]) / divisor
    }
    for isa in kernelISAs {
      let input = KernelMap(x)
      let output = KernelMap(dy)
      let outputGradient = KernelMap(dy)
      let inputGradient = KernelMap(x)
      var d = AdvkPool()
      (d.input, d.output, d.window) = (input.view, output.view, pool.window)
      d.count_includes_padding = includesPadding
      advk_average_pool_forward(isa, &d, 0, 2)
      (d.input, d.output) = (outputGradient.view, inputGradient.view)
      advk_average_pool_input_gradient(isa, &d, 0, 2)
      #expect(kernelError(output.planar.values, y) < 1e-6, "\(isa)")
      #expect(kernelError(inputGradient.planar.values, dx) < 1e-6, "\(isa)")
    }
  }

  @Test func `NaN wins a maximum and infinities keep the first index`() {
    var x = PlanarMap(1, 16, 2, 4)
    x.values = x.values.map { _ in -.infinity }
    x[0, 3, 1, 0] = .nan
    x[0, 3, 1, 1] = 5
    for isa in kernelISAs {
      let input = KernelMap(x)
      let output = KernelMap(PlanarMap(1, 16, 1, 2))
      var indices = [UInt8](repeating: 77, count: 32)
      indices.withUnsafeMutableBufferPointer { indices in
        var d = AdvkPool()
        (d.input, d.output, d.window) = (input.view, output.view, Self.window((2, 2), (2, 2), (0, 0, 0, 0)))
        d.indices = indices.baseAddress
        advk_max_pool_forward(isa, &d, 0, 1)
      }
      #expect(output.planar[0, 3, 0, 0].isNaN && indices[3] == 2, "\(isa)")
      #expect(output.planar[0, 4, 0, 1] == -.infinity && indices[4] == 0, "\(isa)")
    }
  }

  @Test func `global mean and its gradient agree with naive loops`() {
    let x = PlanarMap(3, 20, 5, 7, seed: 66)
    let dy = PlanarMap(3, 20, 1, 1, seed: 67)
    var y = [Double](repeating: 0, count: 60)
    var dx = [Double](repeating: 0, count: x.values.count)
    x.forEach { n, c, row, column in
      y[n * 20 + c] += Double(x[n, c, row, column]) / 35
      dx[x.index(n, c, row, column)] = Double(dy[n, c, 0, 0]) / 35
    }
    for isa in kernelISAs {
      let (input, output) = (KernelMap(x), KernelMap(dy))
      let (outputGradient, inputGradient) = (KernelMap(dy), KernelMap(x))
      var d = AdvkPool()
      (d.input, d.output) = (input.view, output.view)
      advk_global_average_pool_forward(isa, &d, 0, 3)
      (d.input, d.output) = (outputGradient.view, inputGradient.view)
      advk_global_average_pool_input_gradient(isa, &d, 0, 3)
      #expect(kernelError(output.planar.values, y) < 1e-6, "\(isa)")
      #expect(kernelError(inputGradient.planar.values, dx) < 1e-6, "\(isa)")
    }
  }
}
