import CKernels

/// A convolution layer for kernel tests, with naive loops in double for its three products.
struct LayerCase: CustomStringConvertible, Sendable {
  var inputs = 16
  var outputs = 16
  var groups = 1
  var kernel = (3, 3)
  var stride = (1, 1)
  var dilation = (1, 1)
  var padding = (1, 1, 1, 1)  // top, left, bottom, right
  var size = (8, 8)
  var images = 2

  var description: String {
    "\(inputs)->\(outputs)/\(groups) k\(kernel) s\(stride) d\(dilation) p\(padding) @\(size) n\(images)"
  }

  var window: AdvkWindow {
    AdvkWindow(
      kernel_height: kernel.0, kernel_width: kernel.1, stride_y: stride.0, stride_x: stride.1,
      dilation_y: dilation.0, dilation_x: dilation.1, padding_top: padding.0, padding_left: padding.1,
      padding_bottom: padding.2, padding_right: padding.3)
  }

  var shape: AdvkConvolutionShape {
    AdvkConvolutionShape(input_channels: inputs, output_channels: outputs, groups: groups, window: window)
  }

  var outputSize: (Int, Int) {
    (
      (size.0 + padding.0 + padding.2 - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1,
      (size.1 + padding.1 + padding.3 - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1
    )
  }

  /// The channels in the last block that a direction reads, 0 where they fill it or where there are groups.
  func lastLanes(_ direction: AdvkDirection) -> Int {
    groups > 1 ? 0 : (direction == .forward ? inputs : outputs) % 16
  }

  var weightCount: Int { outputs * (inputs / groups) * kernel.0 * kernel.1 }

  func halo(_ direction: AdvkDirection) -> AdvkHalo {
    var window = window
    return advk_convolution_halo(&window, direction, size.0, size.1, outputSize.0, outputSize.1)
  }

  func inputMap(seed: UInt64) -> PlanarMap { PlanarMap(images, inputs, size.0, size.1, seed: seed) }
  func outputMap(seed: UInt64) -> PlanarMap {
    PlanarMap(images, outputs, outputSize.0, outputSize.1, seed: seed)
  }

  /// Calls `body(output index, input index, weight index)` for every product of the layer.
  func forEachProduct(_ body: (Int, Int, Int) -> Void) {
    let input = PlanarMap(images, inputs, size.0, size.1)
    let output = PlanarMap(images, outputs, outputSize.0, outputSize.1)
    let groupInputs = inputs / groups
    output.forEach { n, o, oy, ox in
      let firstInput = o / (outputs / groups) * groupInputs
      for i in 0..<groupInputs {
        for ky in 0..<kernel.0 {
          for kx in 0..<kernel.1 {
            let y = oy * stride.0 + ky * dilation.0 - padding.0
            let x = ox * stride.1 + kx * dilation.1 - padding.1
            guard input.contains(y, x) else { continue }
            body(
              output.index(n, o, oy, ox), input.index(n, firstInput + i, y, x),
              ((o * groupInputs + i) * kernel.0 + ky) * kernel.1 + kx)
          }
        }
      }
    }
  }

  func forward(_ x: [Float], _ w: [Float]) -> [Double] {
    var y = [Double](repeating: 0, count: outputMap(seed: 0).values.count)
    forEachProduct { o, i, k in y[o] += Double(x[i]) * Double(w[k]) }
    return y
  }

  func inputGradient(_ dy: [Float], _ w: [Float]) -> [Double] {
    var dx = [Double](repeating: 0, count: inputMap(seed: 0).values.count)
    forEachProduct { o, i, k in dx[i] += Double(dy[o]) * Double(w[k]) }
    return dx
  }

  func weightGradient(_ x: [Float], _ dy: [Float]) -> [Double] {
    var dw = [Double](repeating: 0, count: weightCount)
    forEachProduct { o, i, k in dw[k] += Double(x[i]) * Double(dy[o]) }
    return dw
  }
}
