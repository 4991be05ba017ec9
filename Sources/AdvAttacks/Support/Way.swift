import AdvThreat

/// A direction of length 1 from an image, and a distance along it.
struct Way {
  /// θ.
  var direction: [Float]
  /// g(θ), where it is the distance to the boundary.
  var distance: Double

  /// The part of the distance that moves no element by more than a search needs to know.
  var resolution: Double {
    let steepest = direction.reduce(0) { Swift.max($0, $1.magnitude) }
    return QuerySearch.resolution / Double(Swift.max(steepest, 1e-6))
  }
}

extension QuerySearch {
  /// The end of a way, cut to the box.
  func point(_ way: Way) -> [Float] {
    original.indices.map { index in
      let move = way.distance * Double(way.direction[index])
      return problem.box.clamp(Float(Double(original[index]) + move))
    }
  }

  /// The same direction with the smallest adversarial distance, by bisection from a way whose end is
  /// adversarial; nil when the search is over. At most 60 queries.
  mutating func nearer(
    _ way: Way, _ tolerance: Double, on oracle: any LabelOracle
  ) throws(ThreatError) -> Way? {
    var (low, best) = (0.0, way)
    for _ in 0..<60 where best.distance - low > Swift.max(tolerance, way.resolution) {
      let middle = Way(direction: way.direction, distance: (low + best.distance) / 2)
      guard let isMet = try isMet(point(middle), on: oracle) else { return nil }
      if isMet { best = middle } else { low = middle.distance }
    }
    return best
  }

  /// Of the directions to `draws` uniform points of the box the one whose boundary is nearest; nil when the
  /// search is over, or where no direction has one, which the record then says.
  mutating func nearestWay(draws: Int, on oracle: any LabelOracle) throws(ThreatError) -> Way? {
    var best: Way?
    for draw in 0..<draws {
      var noise = stream().substream(UInt64(draw))
      let end = original.map { _ in noise.uniform(problem.box.lower, problem.box.upper) }
      let offset = Vector.difference(end, original)
      // Only a direction that is adversarial at the best distance so far can be better.
      let way = Way(direction: Vector.unit(offset), distance: best?.distance ?? Vector.length(offset))
      guard let isMet = try isMet(point(way), on: oracle) else { return nil }
      guard isMet else { continue }
      guard let found = try nearer(way, 0.001 * way.distance, on: oracle) else { return nil }
      best = found
    }
    if best == nil { remarkNoStart(draws) }
    return best
  }
}
