#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// eˣ in Double.
func exponential(_ x: Double) -> Double { exp(x) }

/// log x in Double.
func logarithm(_ x: Double) -> Double { log(x) }

/// sin and cos of an angle in radians.
func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) { (sin(angle), cos(angle)) }
