import AdvTensor
import AdvThreat
import Foundation

/// GeoDA — Rahmati et al. 2020, arXiv:2003.06468.
///
/// Takes the boundary for a plane: its normal w is the mean of ±u over labels at x + σu, and the next point is
/// where the ray from the image along the steepest direction for w meets the boundary: w / ‖w‖₂, for L∞ sign(w).
/// Later rounds, nearer to the boundary's foot, get more of the queries. u may be made of slow waves.
public struct GeoDA: Attack {
  /// Rounds.
  public var rounds = 10
  /// Queries of all estimates together.
  public var queries = 4_000
  /// The share of each axis' frequencies that directions are made of; 1 for plain noise.
  public var frequencies: Float = 1
  /// How far from the boundary the model is asked.
  public var probe: Float = 0.002  // σ
  /// Uniform draws among which a start is looked for.
  public var draws = 100

  /// Ten rounds of 400 queries on average.
  public init() {}

  /// Queries per round fall backwards in time by this to the power 2/3.
  private static let decay = 0.6  // λ
  /// Steps of the ray by which a boundary is looked for.
  private static let strides = 100

  /// Estimates normals, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    let norm = problem.objective.norm
    return try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      let start = try search.boundaryStart(draws: draws, norm, tolerance: 1e-4, on: oracle)
      guard var x = start else { return }
      let waves = frequencies < 1 ? CosineBasis(search.size, share: frequencies) : nil
      var sum = [Double](repeating: 0, count: x.count)
      for round in 0..<rounds {
        let stream = search.stream(1).substream(UInt64(round))
        let count = Self.share(of: queries, round, of: rounds)
        guard try gather(&sum, &search, at: x, count, stream, waves, on: oracle) else { return }
        search.countStep()
        let direction = Self.steepest(sum, norm)
        guard let found = try ray(&search, along: direction, norm, on: oracle) else { return }
        // A ray that misses the boundary leaves the point where it was, for another estimate.
        guard let found else { continue }
        guard let next = try search.approach(found, norm, tolerance: 1e-4, on: oracle) else { return }
        if search.distance(next, norm) < search.distance(x, norm) { x = next }
        sum = sum.map { _ in 0 }
      }
    }
  }

  /// The queries of a round, in proportion to λ^(−2/3 · round).
  static func share(of queries: Int, _ round: Int, of rounds: Int) -> Int {
    let weights = (0..<rounds).map { pow(decay, -2 * Double($0) / 3) }
    return Swift.max(Int(Double(queries) * weights[round] / weights.reduce(0, +)), 1)
  }

  /// Adds ±u of `count` directions; false when the search is over.
  private func gather(
    _ sum: inout [Double], _ search: inout QuerySearch, at x: [Float], _ count: Int, _ stream: RandomStream,
    _ waves: CosineBasis?, on oracle: any LabelOracle
  ) throws(ThreatError) -> Bool {
    let box = search.problem.box
    func direction(_ index: Int) -> [Float] {
      var draws = stream.substream(UInt64(index))
      if let waves { return waves.sum((0..<waves.count).map { _ in draws.normal() }) }
      return x.map { _ in draws.normal() }
    }
    let answers = try search.areMet(count, on: oracle) { index in
      let u = direction(index)
      return x.indices.map { box.clamp(x[$0] + probe * u[$0]) }
    }
    guard let answers else { return false }
    for (index, isMet) in answers.enumerated() {
      let u = direction(index)
      for place in u.indices { sum[place] += Double(isMet ? u[place] : -u[place]) }
    }
    return true
  }

  private static func steepest(_ sum: [Double], _ norm: Norm) -> [Float] {
    guard norm == .linf else { return Vector.unit(sum.map { Float($0) }) }
    return sum.map { $0 > 0 ? 1 : ($0 < 0 ? -1 : 0) }
  }

  /// The first adversarial point on the ray from the image, in a hundred strides up to the box's width or
  /// diagonal; the inner nil where there is none.
  private func ray(
    _ search: inout QuerySearch, along direction: [Float], _ norm: Norm, on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]?? {
    let (original, box) = (search.original, search.problem.box)
    let reach = Double(box.width) * (norm == .linf ? 1 : Double(original.count).squareRoot())
    // Strides grow: a near boundary must not be overrun by far.
    for stride in 1...Self.strides {
      let share = Double(stride) / Double(Self.strides)
      let length = reach * share * share
      let point = original.indices.map { box.clamp(original[$0] + Float(length * Double(direction[$0]))) }
      guard let isMet = try search.isMet(point, on: oracle) else { return nil }
      if isMet { return .some(point) }
    }
    return .some(nil)
  }
}

extension GeoDA {
  /// GeoDA.
  public static let card = AttackCard(
    "geoda", "Geometric decision-based attack", paper: "arXiv:2003.06468",
    rule:
      "w = mean of +-u over labels at x + sigma u;  x <- where the ray x0 + r steepest(w) meets the boundary",
    norms: [.l2, .linf], kind: .minimal, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<GeoDA>] = [
    .int("rounds", \.rounds, in: 1...10_000, "Rounds."),
    .int("queries", \.queries, in: 1...10_000_000, "Queries of all estimates together."),
    .float(
      "frequencies", \.frequencies, in: 0.001...1, "Share of each axis' frequencies; 1 for plain noise."),
    .float("probe", \.probe, in: 1e-6...1, "How far from the boundary the model is asked."),
    .int("draws", \.draws, in: 1...1_000_000, "Uniform draws among which a start is looked for."),
  ]
}
