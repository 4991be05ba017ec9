import AdvTensor
import AdvThreat

/// HopSkipJump — Chen, Jordan & Wainwright 2019, arXiv:1904.02144.
///
/// At a point of the boundary the normal is estimated from labels, (1/B) Σ (φ(x + δu) − φ̄) u with φ = ±1; a
/// step ‖x − x₀‖ / √t along it (its sign for L∞), halved until the label is wrong, and a bisection back to the
/// boundary. B grows as √t.
public struct HopSkipJump: Attack {
  /// Steps.
  public var steps = 40
  /// Queries of the first estimate.
  public var firstQueries = 100  // B₀
  /// Queries of an estimate at most.
  public var mostQueries = 10_000
  /// Uniform draws among which a start is looked for.
  public var draws = 100

  /// The constants of the authors' program.
  public init() {}

  /// How often a step is halved at most: there is a limit, unlike in the authors' program.
  private static let halvings = 30

  /// Follows the boundary, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    let norm = problem.objective.norm
    return try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      let dimension = Double(search.original.count)
      let theta = 1 / (norm == .linf ? dimension * dimension : dimension * dimension.squareRoot())
      guard let start = try search.start(draws: draws, on: oracle) else { return }
      var before = search.distance(start, norm)  // the distance before the last bisection
      guard var x = try search.approach(start, norm, tolerance: theta, on: oracle) else { return }
      for step in 1...steps {
        let share = norm == .linf ? dimension * theta : dimension.squareRoot() * theta
        let probe = step == 1 ? 0.1 * Double(problem.box.width) : share * before  // δ
        let wanted = Double(firstQueries) * Double(step).squareRoot()
        let count = Int(Swift.min(wanted, Double(mostQueries)))
        let stream = search.stream(1).substream(UInt64(step))
        guard let normal = try normal(&search, at: x, probe, count, stream, norm, on: oracle) else { return }
        search.countStep()
        guard let next = try jump(&search, from: x, along: normal, step, norm, on: oracle) else { return }
        before = search.distance(next, norm)
        guard let back = try search.approach(next, norm, tolerance: theta, on: oracle) else { return }
        x = back
      }
    }
  }

  /// The direction of the step: the estimated normal of length 1, or its sign.
  private func normal(
    _ search: inout QuerySearch, at x: [Float], _ probe: Double, _ count: Int, _ stream: RandomStream,
    _ norm: Norm, on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]? {
    let box = search.problem.box
    func point(_ index: Int) -> [Float] {
      var draws = stream.substream(UInt64(index))
      let direction = x.map { _ in norm == .linf ? draws.uniform(-1, 1) : draws.normal() }
      let scale = probe / Swift.max(Vector.length(direction), 1e-12)
      return x.indices.map { box.clamp(x[$0] + Float(scale * Double(direction[$0]))) }
    }
    guard let decisions = try search.areMet(count, on: oracle, point) else { return nil }
    let mean = 2 * Double(decisions.count { $0 }) / Double(count) - 1
    // Where all answers agree the mean would cancel them.
    let baseline = mean.magnitude < 1 ? mean : 0
    var sum = [Double](repeating: 0, count: x.count)
    for (index, isMet) in decisions.enumerated() {
      let weight = (isMet ? 1 : -1) - baseline
      let point = point(index)
      for place in sum.indices { sum[place] += weight * (Double(point[place]) - Double(x[place])) }
    }
    let direction = Vector.unit(sum.map { Float($0 / Swift.max(probe, 1e-12)) })
    return norm == .linf ? direction.map { $0 > 0 ? 1 : ($0 < 0 ? -1 : 0) } : direction
  }

  /// The first adversarial point among steps of ‖x − x₀‖ / √t, half of it, and so on; x where there is none.
  private func jump(
    _ search: inout QuerySearch, from x: [Float], along direction: [Float], _ step: Int, _ norm: Norm,
    on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]? {
    var length = search.distance(x, norm) / Double(step).squareRoot()
    let box = search.problem.box
    for _ in 0..<Self.halvings {
      let next = x.indices.map { box.clamp(x[$0] + Float(length * Double(direction[$0]))) }
      guard let isMet = try search.isMet(next, on: oracle) else { return nil }
      if isMet { return next }
      length /= 2
    }
    return x
  }
}

extension HopSkipJump {
  /// HopSkipJump.
  public static let card = AttackCard(
    "hopskipjump", "HopSkipJump", paper: "arXiv:1904.02144",
    rule: "x <- bisect(x0, x + |x - x0|/sqrt(t) n), n = mean of (+-1 - mean) u over labels at x + delta u",
    norms: [.l2, .linf], kind: .minimal, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<HopSkipJump>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps."),
    .int("first-queries", \.firstQueries, in: 1...1_000_000, "Queries of the first estimate."),
    .int("most-queries", \.mostQueries, in: 1...1_000_000, "Queries of an estimate at most."),
    .int("draws", \.draws, in: 1...1_000_000, "Uniform draws among which a start is looked for."),
  ]
}
