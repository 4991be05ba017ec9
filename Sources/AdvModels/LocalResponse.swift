import AdvGraph
import AdvTensor

extension Value {
  /// Local response normalisation — Krizhevsky et al. 2012, section 3.3: every element of `[C, H, W]` is divided
  /// by (k + α Σ a²)^β, the sum going over `size` neighbouring channels at its place.
  ///
  /// PyTorch and ONNX divide α by `size`: their α is this one times `size`.
  func localResponseNorm(size: Int = 5, alpha: Float = 1e-4, beta: Double = 0.75, k: Float = 2) -> Value {
    // The sum over neighbouring channels is a 1×1 convolution with a band of α.
    let band = Tensor([channels, channels, 1, 1]) { weights in
      for output in 0..<channels {
        for input in 0..<channels {
          let isNear = input >= output - size / 2 && input <= output + (size - 1) / 2
          weights[output * channels + input] = isNear ? alpha : 0
        }
      }
    }
    let offset = graph.constant(Tensor([channels], filledWith: k), path: path)
    let sums = (self * self).apply(Convolution(), graph.constant(band, path: path), offset)
    return self * sums.apply(ScaledPower(-beta))
  }
}
