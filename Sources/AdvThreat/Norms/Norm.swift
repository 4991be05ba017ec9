import AdvTensor

/// How the size of a perturbation is measured.
public enum Norm: String, CaseIterable, Sendable {
  /// The number of changed elements (of the tensor, so a pixel of three colours counts up to three).
  case l0
  /// The sum of magnitudes.
  case l1
  /// The Euclidean length.
  case l2
  /// The largest magnitude.
  case linf

  /// The norm of `a − b`, summed in Double in element order. O(n).
  public func distance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    precondition(a.count == b.count, "rows of \(a.count) and \(b.count) elements")
    switch self {
    case .l0: return L0.distance(a, b)
    case .l1: return L1.distance(a, b)
    case .l2: return L2.distance(a, b)
    case .linf: return LInfinity.distance(a, b)
    }
  }

  /// The norms of the rows of `a − b`, both `[n, …]`. O(elements).
  public func distances(_ a: Tensor, _ b: Tensor) -> [Double] {
    precondition(a.shape == b.shape, "distances between \(a.shape) and \(b.shape)")
    return a.withElements { left in
      b.withElements { right in
        (0..<a.rowCount).map { row in
          let range = row * a.rowStride..<(row + 1) * a.rowStride
          return distance(
            UnsafeBufferPointer(rebasing: left[range]), UnsafeBufferPointer(rebasing: right[range]))
        }
      }
    }
  }
}

/// One perturbation measured in every norm.
public struct Distances: Hashable, Sendable {
  /// The number of changed elements.
  public let l0: Int
  /// The sum of magnitudes.
  public let l1: Double
  /// The Euclidean length.
  public let l2: Double
  /// The largest magnitude.
  public let linf: Double

  /// Norms that were measured before, as a record holds them.
  public init(l0: Int, l1: Double, l2: Double, linf: Double) {
    (self.l0, self.l1, self.l2, self.linf) = (l0, l1, l2, linf)
  }

  /// The norms of `a − b`, two rows of equal length. O(n).
  public init(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) {
    l0 = Int(Norm.l0.distance(a, b))
    l1 = Norm.l1.distance(a, b)
    l2 = Norm.l2.distance(a, b)
    linf = Norm.linf.distance(a, b)
  }

  /// The value in one norm.
  public subscript(norm: Norm) -> Double {
    switch norm {
    case .l0: Double(l0)
    case .l1: l1
    case .l2: l2
    case .linf: linf
    }
  }
}
