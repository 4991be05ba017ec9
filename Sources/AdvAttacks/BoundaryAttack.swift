import AdvTensor
import AdvThreat

/// Boundary attack — Brendel, Rauber & Bethge 2017, arXiv:1712.04248.
///
/// A walk along the boundary from an adversarial point: a random step on the sphere around the image, then one
/// towards the image; it is kept where it is adversarial and nearer. Both lengths follow their rates of
/// success. Every image walks by itself, with noise and lengths of its own.
public struct BoundaryAttack: Attack {
  /// Steps.
  public var steps = 25_000
  /// The first step on the sphere, over the distance from the image.
  public var sphericalStep: Float = 0.01
  /// The first step towards the image, over the distance from it.
  public var sourceStep: Float = 0.01
  /// By how much the steps grow and shrink.
  public var adaptation: Float = 1.5
  /// Uniform draws among which a start is looked for.
  public var draws = 100

  /// The constants of the authors' program.
  public init() {}

  /// The lengths of the steps, and how often the last ones succeeded.
  private struct Lengths {
    var spherical: Double
    var source: Double
    var onSphere: [Bool] = []
    var towards: [Bool] = []

    /// Full windows of successes change the lengths and begin again.
    mutating func adapt(by factor: Double) {
      if onSphere.count == 100 {
        let rate = Double(onSphere.count { $0 }) / 100
        let change = rate > 0.5 ? factor : rate < 0.2 ? 1 / factor : 1
        (spherical, source, onSphere) = (spherical * change, source * change, change == 1 ? onSphere : [])
      }
      if towards.count == 30 {
        let rate = Double(towards.count { $0 }) / 30
        let change = rate > 0.25 ? factor : rate < 0.1 ? 1 / factor : 1
        (source, towards) = (source * change, change == 1 ? towards : [])
      }
    }
  }

  /// Walks, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      let start = try search.boundaryStart(draws: draws, .l2, tolerance: 0.001, on: oracle)
      guard var best = start else { return }
      var lengths = Lengths(spherical: Double(sphericalStep), source: Double(sourceStep))
      for step in 0..<steps where lengths.source > 1e-7 {
        var stream = search.stream(1).substream(UInt64(step))
        let (sphere, candidate) = proposal(from: best, search, lengths, &stream)
        let isMeasured = step % 10 == 0
        if isMeasured {
          guard let isMet = try search.isMet(sphere, on: oracle) else { return }
          lengths.onSphere = lengths.onSphere.suffix(99) + [isMet]
        }
        guard let isMet = try search.isMet(candidate, on: oracle) else { return }
        search.countStep()
        if isMet, search.distance(candidate, .l2) < search.distance(best, .l2) { best = candidate }
        guard isMeasured else { continue }
        lengths.towards = lengths.towards.suffix(29) + [isMet]
        lengths.adapt(by: Double(adaptation))
      }
    }
  }

  /// A point on the sphere around the image through `best`, and one nearer to the image.
  private func proposal(
    from best: [Float], _ search: QuerySearch, _ lengths: Lengths, _ stream: inout RandomStream
  ) -> (sphere: [Float], candidate: [Float]) {
    let (original, box) = (search.original, search.problem.box)
    let toSource = Vector.difference(original, best)
    let distance = Vector.length(toSource)
    let inward = Vector.unit(toSource)
    var noise = original.map { _ in stream.normal() }
    let along = Vector.dot(noise, inward)
    for index in noise.indices { noise[index] -= Float(along) * inward[index] }
    let scale = lengths.spherical * distance / Swift.max(Vector.length(noise), 1e-12)
    // A tangent of length s over a radius of 1 ends √(1 + s²) away from the middle.
    let shrink = 1 / (1 + lengths.spherical * lengths.spherical).squareRoot()
    let sphere = original.indices.map { index in
      let direction = scale * Double(noise[index]) - Double(toSource[index])
      return box.clamp(Float(Double(original[index]) + shrink * direction))
    }
    let left = Vector.difference(original, sphere)
    let reached = Vector.length(left)
    let move = Swift.max(lengths.source * distance + reached - distance, 0) / Swift.max(reached, 1e-12)
    let candidate = sphere.indices.map { box.clamp(sphere[$0] + Float(move * Double(left[$0]))) }
    return (sphere, candidate)
  }
}

extension BoundaryAttack {
  /// The boundary attack.
  public static let card = AttackCard(
    "boundary", "Boundary attack", paper: "arXiv:1712.04248",
    rule: "step on the sphere around x0, then towards x0; keep it where the label stays wrong",
    norms: [.l2], kind: .minimal, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<BoundaryAttack>] = [
    .int("steps", \.steps, in: 1...10_000_000, "Steps."),
    .float("spherical-step", \.sphericalStep, in: 1e-6...1, "First step on the sphere over the distance."),
    .float("source-step", \.sourceStep, in: 1e-6...1, "First step towards the image over the distance."),
    .float("adaptation", \.adaptation, in: 1...10, "By how much the steps grow and shrink."),
    .int("draws", \.draws, in: 1...1_000_000, "Uniform draws among which a start is looked for."),
  ]
}
