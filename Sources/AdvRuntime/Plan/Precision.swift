/// How a plan may round: the choice between arithmetic of record and speed.
public enum Precision: String, CaseIterable, Sendable, Codable {
  /// Every sum of a convolution is one chain of multiply–adds: the arithmetic of verdicts.
  case exact
  /// Winograd's algorithm for 3×3 layers of stride 1, whose rounding errors are 2 to 3 times as large: the
  /// arithmetic of searches. A ReLU whose argument is within that error of 0 may switch, which changes a
  /// gradient by a thousandth.
  case fast
  /// `fast`, and the other convolutions with products of bf16 numbers (8 bits of precision) summed in float: an
  /// option for searches in networks of many 1×1 layers. Logits err by less than a hundredth; gradients by
  /// some hundredths, because some ReLUs switch.
  case bf16
}
