import AdvGraph
import AdvTensor

extension Value {
  /// `[C, H, W]` with each channel multiplied by a gate that two small layers compute from all channels' means —
  /// Hu et al. 2018, arXiv:1709.01507.
  ///
  /// The layers are torchvision's `fc1` and `fc2`, 1×1 convolutions, with `width` channels between them.
  func squeezedAndExcited(
    _ w: Weights, width: Int, activation: (Value) -> Value, gate: (Value) -> Value
  ) -> Value {
    let means = globalAveragePool().reshape([channels, 1, 1])
    let squeezed = activation(means.conv(w["fc1"], channels: width, kernel: 1))
    let gates = gate(squeezed.conv(w["fc2"], channels: channels, kernel: 1))
    return self * gates.apply(Expand(shape: shape))
  }
}

extension Double {
  /// The nearest multiple of 8, at least 8 and at least nine tenths of the number — the rounding of widths in the
  /// MobileNet papers' programs.
  var multipleOfEight: Int {
    let nearest = Swift.max(8, Int(self + 4) / 8 * 8)
    return Double(nearest) < 0.9 * self ? nearest + 8 : nearest
  }
}
