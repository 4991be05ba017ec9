import AdvTensor
import AdvThreat

/// Sign-OPT — Cheng et al. 2019, arXiv:1909.10773.
///
/// Minimises g(θ), the distance from the image to the boundary in direction θ. Of a direction u only the sign of
/// g(θ + βu) − g(θ) is asked, which a single label tells; θ ← θ − α · mean of sign · u, α by a line search.
public struct SignOPT: Attack {
  /// Steps.
  public var steps = 1_000
  /// Queries per image at most.
  public var queries = 20_000
  /// Directions of an estimate.
  public var directions = 200  // K
  /// The first step.
  public var rate: Float = 0.2  // α
  /// How far from the direction the model is asked.
  public var probe: Float = 0.001  // β
  /// Uniform draws of which the nearest adversarial one is the start.
  public var draws = 100

  /// The constants of the authors' program.
  public init() {}

  /// Turns the direction, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      search.limit = queries
      guard var way = try search.nearestWay(draws: draws, on: oracle) else { return }
      var (rate, probe) = (Double(self.rate), Double(self.probe))
      for step in 0..<steps {
        let stream = search.stream(1).substream(UInt64(step))
        guard let slope = try slope(&search, way, probe, stream, on: oracle) else { return }
        search.countStep()
        guard let next = try descend(&search, way, slope, &rate, probe, on: oracle) else { return }
        way = next
        guard rate < 1e-4 else { continue }
        (rate, probe) = (1, probe * 0.1)
        if probe < 1e-8 { return }
      }
    }
  }

  /// Σ ±u over directions; + where the boundary moves away.
  private func slope(
    _ search: inout QuerySearch, _ way: Way, _ probe: Double, _ stream: RandomStream,
    on oracle: any LabelOracle
  ) throws(ThreatError) -> [Float]? {
    let count = way.direction.count
    func turned(_ index: Int) -> (by: [Float], way: Way) {
      var draws = stream.substream(UInt64(index))
      let u = Vector.randomUnit(count, &draws)
      let direction = u.indices.map { way.direction[$0] + Float(probe) * u[$0] }
      return (u, Way(direction: Vector.unit(direction), distance: way.distance))
    }
    let here = search
    let answers = try search.areMet(directions, on: oracle) { here.point(turned($0).way) }
    guard let answers else { return nil }
    var sum = [Float](repeating: 0, count: count)
    for (index, isMet) in answers.enumerated() {
      let u = turned(index).by
      for place in u.indices { sum[place] += (isMet ? -1 : 1) * u[place] / Float(directions) }
    }
    return sum
  }

  /// Doubles the step while the boundary comes nearer, else shrinks it to a quarter until it does.
  private func descend(
    _ search: inout QuerySearch, _ way: Way, _ slope: [Float], _ rate: inout Double, _ probe: Double,
    on oracle: any LabelOracle
  ) throws(ThreatError) -> Way? {
    var best = way
    for factor in [2, 0.25] {
      for _ in 0..<15 {
        if factor < 1 { rate *= factor }
        let direction = slope.indices.map { way.direction[$0] - Float(rate) * slope[$0] }
        let next = Way(direction: Vector.unit(direction), distance: best.distance * (1 - 1e-6))
        guard let isMet = try search.isMet(search.point(next), on: oracle) else { return nil }
        if isMet {
          let tolerance = Swift.max(probe / 500, 1e-6) * Swift.max(best.distance, 1)
          guard let found = try search.nearer(next, tolerance, on: oracle) else { return nil }
          best = found
          if factor < 1 { return best }
        } else if factor > 1 {
          break
        }
        if factor > 1 { rate *= factor }
      }
      if best.distance < way.distance { return best }
    }
    return best
  }
}

extension SignOPT {
  /// Sign-OPT.
  public static let card = AttackCard(
    "signopt", "Sign-OPT", paper: "arXiv:1909.10773",
    rule: "theta <- theta - alpha mean of sign(g(theta + beta u) - g(theta)) u;  x = x0 + g(theta) theta",
    norms: [.l2], kind: .minimal, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<SignOPT>] = [
    .int("steps", \.steps, in: 1...1_000_000, "Steps."),
    .int("queries", \.queries, in: 1...10_000_000, "Queries per image at most."),
    .int("directions", \.directions, in: 1...100_000, "Directions of an estimate."),
    .float("rate", \.rate, in: 1e-6...100, "First step."),
    .float("probe", \.probe, in: 1e-7...1, "How far from the direction the model is asked."),
    .int("draws", \.draws, in: 1...1_000_000, "Uniform draws among which a start is looked for."),
  ]
}
