import AdvTensor
import AdvThreat

/// The laws of balls and their projections; each function returns what it found violated.
public enum NormConformance {
  /// The shapes that the laws are checked on.
  public static let shapes: [Shape] = [[3, 1], [2, 8], [3, 3, 5, 7], [0, 4]]

  /// A radius that some random points exceed and some do not.
  public static func radius(_ norm: Norm, elements: Int) -> Float {
    switch norm {
    case .linf: 0.2
    case .l2: 0.2 * Float(elements).squareRoot()
    case .l1: 0.15 * Float(elements)
    case .l0: Float((elements + 2) / 3)
    }
  }

  /// Projections are feasible, idempotent and, for the convex norms, non-expansive.
  public static func projectionLaws(_ norm: Norm, _ shape: Shape, seed: UInt64) -> [String] {
    var stream = RandomStream(seed: seed)
    let ball = Ball(norm, radius: radius(norm, elements: shape.droppingFirst().elementCount))
    let originals = draw(shape, 0...1, &stream)
    let (a, b) = (draw(shape, -1...2, &stream), draw(shape, -1...2, &stream))
    let (pa, pb) = (projected(a, ball, originals), projected(b, ball, originals))
    var violations = infeasible(pa, ball, originals)
    let again = Norm.linf.distances(projected(pa, ball, originals), pa)
    if again.contains(where: { $0 > 1e-6 }) { violations.append("a second projection moves by \(again)") }
    guard norm != .l0 else { return violations }
    for (after, before) in zip(Norm.l2.distances(pa, pb), Norm.l2.distances(a, b)) where after > before + 1e-5
    {
      violations.append("distance \(before) grew to \(after)")
    }
    return violations
  }

  /// No random feasible point is nearer than the projection.
  public static func projectionIsNearest(_ norm: Norm, _ shape: Shape, seed: UInt64, rivals: Int) -> [String]
  {
    var stream = RandomStream(seed: seed)
    let ball = Ball(norm, radius: radius(norm, elements: shape.droppingFirst().elementCount))
    let (originals, points) = (draw(shape, 0...1, &stream), draw(shape, -1...2, &stream))
    let nearest = projected(points, ball, originals)
    let reach = Norm.l2.distances(nearest, points)
    for rival in 0..<rivals {
      // Rivals near the optimum are the dangerous ones: mix the projection with feasible points.
      let other = projected(draw(shape, -1...2, &stream), ball, originals)
      let share: Float = norm == .l0 ? 0 : [0, 0.5, 0.9, 0.99][rival % 4]
      let mixed = Tensor(shape, zip(nearest.elements, other.elements).map { share * $0 + (1 - share) * $1 })
      for (best, distance) in zip(reach, Norm.l2.distances(mixed, points)) where distance < best - 1e-5 {
        return ["a feasible point at \(distance) beats the projection at \(best)"]
      }
    }
    return []
  }

  /// No random feasible point has a larger inner product with the gradient than the linear maximiser.
  public static func maximiserIsBest(_ norm: Norm, _ shape: Shape, seed: UInt64, rivals: Int) -> [String] {
    var stream = RandomStream(seed: seed)
    let ball = Ball(norm, radius: radius(norm, elements: shape.droppingFirst().elementCount))
    let (originals, gradient) = (draw(shape, 0...1, &stream), draw(shape, -1...1, &stream))
    let best = ball.maximiseLinear(gradient, around: originals, in: .unit)
    let violations = infeasible(best, ball, originals)
    let reached = products(best, originals, gradient)
    for _ in 0..<rivals {
      let rival = projected(draw(shape, -1...2, &stream), ball, originals)
      for (top, other) in zip(reached, products(rival, originals, gradient)) where other > top + 1e-5 {
        return violations + ["a feasible point gains \(other), the maximiser \(top)"]
      }
    }
    return violations
  }

  /// Random starts lie in ball and box, and differ from restart to restart.
  public static func randomStarts(_ norm: Norm, _ shape: Shape, seed: UInt64) throws -> [String] {
    var stream = RandomStream(seed: seed)
    let count = shape.droppingFirst().elementCount
    let ball = Ball(norm, radius: radius(norm, elements: count))
    let originals = draw(shape, 0...1, &stream)
    let problem = try AttackProblem(
      images: originals, criterion: .untargeted(Array(repeating: 0, count: shape[0])),
      objective: .within(ball),
      seed: seed)
    let oracle = LinearOracle(random: &stream, classes: 2, imageShape: shape.droppingFirst())
    let search = try Search(problem, loss: .margin, on: oracle)
    let (first, second) = (search.randomStart(restart: 0, in: ball), search.randomStart(restart: 1, in: ball))
    var violations = infeasible(first, ball, originals)
    if shape[0] > 0, first == second { violations.append("two restarts begin at the same point") }
    if !first.isIdentical(to: search.randomStart(restart: 0, in: ball)) {
      violations.append("a start changed")
    }
    return violations
  }

  /// Random starts in the middle of a wide box have the moments of the uniform distribution over the ball.
  public static func volumes(_ norm: Norm, elements count: Int, seed: UInt64) throws -> [String] {
    let draws = 4_000
    let ball = Ball(norm, radius: 0.5)
    let box = Box(lower: -2, upper: 2)
    let problem = try AttackProblem(
      images: Tensor([draws, count]), criterion: .untargeted(Array(repeating: 0, count: draws)),
      objective: .within(ball), seed: seed, box: box)
    let oracle = LinearOracle(weights: Tensor([2, count]), bias: [0, 0], imageShape: [count], box: box)
    let starts = try Search(problem, loss: .margin, on: oracle).randomStart(restart: 0, in: ball)
    var powers = [0.0, 0.0]
    for length in norm.distances(starts, problem.images) {
      var volume = 1.0
      for _ in 0..<count { volume *= length / Double(ball.radius) }
      powers[0] += volume / Double(draws)
      powers[1] += volume * volume / Double(draws)
    }
    var violations: [String] = []
    for (power, expected) in zip(powers, [0.5, 1.0 / 3]) where abs(power - expected) > 0.02 {
      violations.append("a moment is \(power), expected \(expected)")
    }
    for element in 0..<count {
      let mean = (0..<draws).reduce(0.0) { $0 + Double(starts[$1 * count + element]) } / Double(draws)
      if abs(mean) > 0.02 { violations.append("element \(element) has the mean \(mean)") }
    }
    return violations
  }

  private static func projected(_ x: Tensor, _ ball: Ball, _ originals: Tensor) -> Tensor {
    var result = x
    ball.project(&result, around: originals, in: .unit)
    return result
  }

  private static func products(_ x: Tensor, _ originals: Tensor, _ gradient: Tensor) -> [Double] {
    (0..<x.rowCount).map { row in
      let (a, b, g) = (x.row(row).elements, originals.row(row).elements, gradient.row(row).elements)
      return a.indices.reduce(0.0) { $0 + (Double(a[$1]) - Double(b[$1])) * Double(g[$1]) }
    }
  }

  private static func infeasible(_ x: Tensor, _ ball: Ball, _ originals: Tensor) -> [String] {
    var violations: [String] = []
    if !x.elements.allSatisfy(Box.unit.contains) { violations.append("left the box") }
    for (row, distance) in ball.norm.distances(x, originals).enumerated()
    where distance > Double(ball.radius) * (1 + 1e-6) + 1e-6 {
      violations.append("row \(row) is \(distance) away, radius \(ball.radius)")
    }
    return violations
  }

  private static func draw(_ shape: Shape, _ range: ClosedRange<Float>, _ stream: inout RandomStream)
    -> Tensor
  {
    Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(range.lowerBound, range.upperBound) })
  }
}
