#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// eˣ in Double.
func exponential(_ x: Double) -> Double { exp(x) }
