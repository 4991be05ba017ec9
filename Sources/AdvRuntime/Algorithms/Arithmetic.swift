/// The ways to compute the products of a network's layers: the algorithms of the textbooks in single
/// precision, and other precisions.
///
/// In exact numbers all of them agree; `bf16` and `fp16` round what is multiplied first.
public enum Arithmetic: String, CaseIterable, Sendable {
  /// One chain of multiply–adds for each sum, straight from the image: the kernels of verdicts.
  case direct
  /// The windows of the image copied into the columns of a matrix, then one matrix product by OpenBLAS.
  case im2col
  /// Winograd's minimal filtering for 3×3 kernels of stride 1 (Lavin & Gray 2015, arXiv:1509.09308), else
  /// direct.
  case winograd
  /// Products of spectra of overlapping tiles (Mathieu, Henaff & LeCun 2013, arXiv:1312.5851).
  case fft
  /// The columns of `im2col`, multiplied by Strassen's recursion over OpenBLAS (Strassen 1969).
  case strassen
  /// Everything in a layer in Double, its result rounded to Float.
  case double
  /// Operands rounded to the nearest bfloat16, sums in Float: what such a machine's products do.
  case bf16
  /// Operands rounded at random to one of their two neighbours in IEEE half precision, in proportion (Gupta
  /// et al. 2015, arXiv:1502.02551); sums in Float. The draw depends on the element and its place in the
  /// image.
  ///
  /// Half precision ends at 2⁻²⁴: gradients of cross-entropy at images that the model is sure of mostly become
  /// 0, as in training without loss scaling, and attacks on that loss look weaker than they are; those on the
  /// margin do not.
  case fp16

  /// How operands are rounded before they are multiplied.
  var rounding: Rounding? {
    switch self {
    case .bf16: .bfloat16
    case .fp16: .stochasticHalf
    default: nil
    }
  }

  /// What computes a layer; nil where the kernels of ordinary plans do.
  func algorithm(for problem: ConvolutionProblem) -> (any ConvolutionAlgorithm)? {
    switch self {
    case .direct, .winograd: nil
    case .im2col: ColumnConvolution(problem: problem)
    case .fft: FourierConvolution(problem)
    case .strassen: StrassenConvolution(problem: problem)
    case .double: DoubleConvolution(problem: problem)
    case .bf16: RoundedConvolution(problem: problem, rounding: .bfloat16)
    case .fp16: RoundedConvolution(problem: problem, rounding: .stochasticHalf)
    }
  }
}

/// A way to compute a convolution of one group of channels of one image, forward and backward.
///
/// One image at a time: what comes out may not depend on the images beside it. Results are overwritten.
protocol ConvolutionAlgorithm: Sendable {
  /// What is computed.
  var problem: ConvolutionProblem { get }
  /// The bytes of one group's weights as `prepare` writes them.
  var preparedBytes: Int { get }
  /// The bytes that one image needs besides.
  var scratchBytes: Int { get }
  /// Brings the weights `[O, C, kh, kw]` of a group into the form that both directions read; done once.
  func prepare(_ weights: UnsafePointer<Float>, group: Int, into prepared: UnsafeMutableRawPointer)
  /// y `[O, H', W']` from x `[C, H, W]`.
  func forward(
    _ x: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into y: UnsafeMutablePointer<Float>)
  /// dx `[C, H, W]` from dy `[O, H', W']`.
  func inputGradient(
    _ dy: UnsafePointer<Float>, group: Int, _ prepared: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer,
    into dx: UnsafeMutablePointer<Float>)
}
