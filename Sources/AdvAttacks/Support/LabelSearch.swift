import AdvTensor
import AdvThreat
import Foundation

/// What attacks that see labels only have in common: a place to begin, and the way from there to the boundary.
extension QuerySearch {
  /// How well an element's place on the boundary can be known in Float.
  static let resolution = 1e-6

  /// The first of `draws` uniform draws from the box that meets the criterion; nil when the search is over.
  ///
  /// Where none does, the image's record says so and the image keeps its original: that concerns no other.
  mutating func start(draws: Int, on oracle: any LabelOracle) throws(ThreatError) -> [Float]? {
    let (stream, box, count) = (stream(), problem.box, original.count)
    for draw in 0..<draws {
      var noise = stream.substream(UInt64(draw))
      let point = (0..<count).map { _ in noise.uniform(box.lower, box.upper) }
      guard let isMet = try isMet(point, on: oracle) else { return nil }
      if isMet { return point }
    }
    remarkNoStart(draws)
    return nil
  }

  /// Says that the attack could not begin.
  mutating func remarkNoStart(_ draws: Int) {
    remark("none of \(draws) uniform draws met the criterion: the attack had no place to begin")
  }

  /// The point a share of the way from the image to `point`: along the segment, for L∞ on the box around the
  /// image whose half side is that share of the distance.
  func between(_ point: [Float], _ share: Double, _ norm: Norm) -> [Float] {
    let reach = norm == .linf ? Float(share * distance(point, .linf)) : 0
    return point.indices.map { index in
      let (from, to) = (original[index], point[index])
      if norm == .linf { return Swift.min(Swift.max(to, from - reach), from + reach) }
      return share >= 1 ? to : problem.box.clamp(Float(Double(from) + share * (Double(to) - Double(from))))
    }
  }

  /// The nearest adversarial point on the way from the image to `point`, which is adversarial itself, by
  /// bisection until the share is known to `tolerance`; nil when the search is over.
  ///
  /// At most 60 queries; see `resolution`.
  mutating func approach(
    _ point: [Float], _ norm: Norm, tolerance: Double, on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]? {
    var (low, high, nearest) = (0.0, 1.0, point)
    let resolution = Self.resolution / Swift.max(distance(point, .linf), Self.resolution)
    for _ in 0..<60 where high - low > Swift.max(tolerance, resolution) {
      let middle = (low + high) / 2
      let candidate = between(point, middle, norm)
      guard let isMet = try isMet(candidate, on: oracle) else { return nil }
      if isMet { (high, nearest) = (middle, candidate) } else { low = middle }
    }
    return nearest
  }

  /// A point of the boundary to begin at: a draw, and the way from it; nil when the search is over.
  mutating func boundaryStart(
    draws: Int, _ norm: Norm, tolerance: Double, on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]? {
    guard let point = try start(draws: draws, on: oracle) else { return nil }
    return try approach(point, norm, tolerance: tolerance, on: oracle)
  }
}

/// Vectors as arrays, in Double where numbers are summed.
enum Vector {
  /// ‖v‖₂.
  static func length(_ v: [Float]) -> Double { dot(v, v).squareRoot() }

  /// ⟨a, b⟩.
  static func dot(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += Double(a[index]) * Double(b[index]) }
    return sum
  }

  /// a − b.
  static func difference(_ a: [Float], _ b: [Float]) -> [Float] { a.indices.map { a[$0] - b[$0] } }

  /// v / ‖v‖₂; 0 stays 0.
  static func unit(_ v: [Float]) -> [Float] {
    let length = length(v)
    return length > 0 ? v.map { Float(Double($0) / length) } : v
  }

  /// A normal direction of length 1.
  static func randomUnit(_ count: Int, _ stream: inout RandomStream) -> [Float] {
    unit((0..<count).map { _ in stream.normal() })
  }
}
