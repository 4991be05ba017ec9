import AdvTensor

/// How strong a corruption is: one of the benchmark's five steps, at the scale of the image.
///
/// Hendrycks & Dietterich 2019, arXiv:1903.12261, give two sets of constants: for CIFAR-10-C and for ImageNet-C.
/// Images whose shorter side is at most 64 pixels take the first, larger ones the second.
public struct Severity: Hashable, Sendable {
  /// The steps of the benchmark.
  public static let all = 1...5
  /// 1 for the weakest, 5 for the strongest.
  public let step: Int
  private let isSmall: Bool

  init(_ step: Int, for image: Tensor) {
    precondition(Self.all.contains(step), "severity \(step)")
    self.step = step
    isSmall = min(image.shape[1], image.shape[2]) <= 64
  }

  /// The constant of this severity, of the two sets of five.
  func of<Value>(_ small: [Value], _ large: [Value]) -> Value { (isSmall ? small : large)[step - 1] }
}

/// A change of an image that nobody intends and everybody meets: noise, blur, weather, a file format.
///
/// The result is a pure function of image, severity and draws.
public protocol Corruption: Sendable {
  /// The name in the benchmark, with hyphens.
  static var name: String { get }
  /// Whether it is one of the fifteen that make the benchmark's mean; four more are for validation.
  static var isBenchmark: Bool { get }
  /// The corrupted `image`, `[channels, height, width]` with pixels in 0…1; what leaves them is clipped later.
  static func apply(_ image: Tensor, _ severity: Severity, _ draws: inout RandomStream) -> Tensor
}

/// Every corruption of the benchmark.
public enum CorruptionCatalog {
  /// One line for each, in the order of the paper.
  public static let all: [any Corruption.Type] = [
    GaussianNoiseCorruption.self, ShotNoise.self, ImpulseNoise.self,
    DefocusBlur.self, GlassBlur.self, MotionBlur.self, ZoomBlur.self,
    Snow.self, Frost.self, Fog.self, Brightness.self,
    Contrast.self, ElasticTransform.self, Pixelate.self, JPEGCorruption.self,
    SpeckleNoise.self, GaussianBlurCorruption.self, Spatter.self, Saturate.self,
  ]

  /// The image as the benchmark stores it: clipped, then cut down to whole levels of 255.
  ///
  /// Draws are keyed by the seed, the corruption, the severity and the image's own pixels: the same image gives the
  /// same bits in any batch, order or data set.
  public static func apply(
    _ corruption: any Corruption.Type, to image: Tensor, severity step: Int, seed: UInt64
  ) -> Tensor {
    var draws = RandomStream(seed: seed, key(corruption.name.utf8), UInt64(step), key(of: image))
    let changed = corruption.apply(image, Severity(step, for: image), &draws)
    // A whole level that rounding put just below itself is that level.
    return changed.mapped { (min(max($0, 0), 1) * 255 + 1e-3).rounded(.down) / 255 }
  }

  private static func key(of image: Tensor) -> UInt64 {
    image.withElements { values in values.reduce(Self.basis) { Self.mix($0, UInt64($1.bitPattern)) } }
  }

  private static func key(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(basis) { mix($0, UInt64($1)) }
  }

  // FNV-1a, word by word.
  private static let basis: UInt64 = 0xCBF2_9CE4_8422_2325
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 { (hash ^ word) &* 0x100_0000_01B3 }
}
