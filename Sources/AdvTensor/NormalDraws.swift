#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

extension RandomStream {
  /// A draw from the standard normal distribution: Box & Muller 1958, the cosine branch, in Double.
  public mutating func normal() -> Float {
    let radius = (-2 * log(1 - uniformDouble())).squareRoot()  // 1 − u lies in (0, 1], so the log is finite
    return Float(radius * cos(2 * .pi * uniformDouble()))
  }
}
