import AdvTensor
import AdvThreat

/// Fast minimum-norm attack — Pintor et al. 2021, arXiv:2102.12827.
///
/// δ ← Π_ε( δ + α ∇ / ‖∇‖₂ ) on the margin, while ε follows the distance to the boundary: an image never
/// broken takes ε = ‖δ‖ + |margin| / ‖∇‖_q, a broken one (1 − γ) ε at most its best norm, one that was
/// broken before (1 + γ) ε. α and γ fall along cosines. For L0, ε begins at 1 and moves by at least one element.
public struct FMN: Attack {
  /// Gradient steps.
  public var steps = 100
  /// The first step's length over the box's width.
  public var firstStep: Float = 1  // α₀
  /// How fast the radius changes at first.
  public var firstGrowth: Float = 0.05  // γ₀

  /// The published constants.
  public init() {}

  private static let lastStep = 0.01
  private static let lastGrowth = 0.001

  /// One image's radius.
  private struct Radius {
    var value: Double  // ε
    var best = Double.infinity  // the smallest adversarial norm
  }

  /// Follows the radius of every image; the smallest adversarial perturbation is kept.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    let first = problem.objective.norm == .l0 ? 1 : Double.infinity
    var radii = Array(repeating: Radius(value: first), count: problem.count)
    for step in 0..<steps where !search.isFinished {
      if let kept = try search.evaluate(&x, as: step == 0 ? .origin : .candidate, on: oracle) {
        radii = kept.map { radii[$0] }
      }
      guard !search.isFinished else { break }
      let growth = Schedule.cosine(from: Double(firstGrowth), to: Self.lastGrowth, at: step, of: steps)
      let distances = problem.objective.norm.distances(x, search.originals)
      for row in radii.indices { follow(&radii[row], distances[row], row, search, growth) }
      move(&x, search, radii, step: step)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }

  private func follow(
    _ radius: inout Radius, _ distance: Double, _ row: Int, _ search: Search, _ growth: Double
  ) {
    let isL0 = search.problem.objective.norm == .l0
    if search.isMet[row] {
      radius.best = Swift.min(radius.best, distance)
      let smaller = radius.value.isFinite ? radius.value : distance
      let shrunk =
        isL0 ? Swift.min(smaller - 1, (smaller * (1 - growth)).rounded(.down)) : smaller * (1 - growth)
      radius.value = Swift.max(Swift.min(shrunk, radius.best), isL0 ? 1 : 0)
    } else if radius.best.isFinite || isL0 {
      radius.value =
        isL0
        ? Swift.max(radius.value + 1, (radius.value * (1 + growth)).rounded(.down))
        : radius.value * (1 + growth)
    } else {
      let slope = dualNorm(search.here.gradient.row(row).elements, search.problem.objective.norm)
      let gap = slope > 0 ? Double(search.here.losses[row].magnitude) / slope : 0
      // On the boundary itself the plain rule stands still on a tie, and next to it where the step is less than pixels
      // in Float can hold: there ε grows as after a success.
      let isTied = gap <= 1e-4 * distance + 1e-7
      radius.value = isTied ? distance * (1 + growth) + 1e-6 : distance + gap
    }
  }

  private func dualNorm(_ gradient: [Float], _ norm: Norm) -> Double {
    gradient.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return 0 }
      switch norm {
      case .linf: return Rows.l1(base, values.count)
      case .l2: return Rows.l2(base, values.count)
      case .l1, .l0: return Double(Rows.linf(base, values.count))
      }
    }
  }

  private func move(_ x: inout Tensor, _ search: Search, _ radii: [Radius], step: Int) {
    let width = Double(search.problem.box.width)
    let length = width * Schedule.cosine(from: Double(firstStep), to: Self.lastStep, at: step, of: steps)
    Rows.forEach(&x, search.here.gradient) { point, slope, count in
      let size = Rows.l2(slope, count)
      guard size > 0 else { return }
      for index in 0..<count { point[index] += Float(length / size * Double(slope[index])) }
    }
    for row in radii.indices {
      var one = x.rows([row])
      let ball = Ball(search.problem.objective.norm, radius: Float(Swift.min(radii[row].value, 1e30)))
      ball.project(&one, around: search.originals.rows([row]), in: search.problem.box)
      x.setRow(row, to: one, row: 0)
    }
  }
}

extension FMN {
  /// The fast minimum-norm attack.
  public static let card = AttackCard(
    "fmn", "Fast minimum-norm attack", paper: "arXiv:2102.12827",
    rule: "d <- project_eps(d + alpha grad/|grad|);  eps follows the boundary by (1 -+ gamma)",
    norms: [.l0, .l1, .l2, .linf], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<FMN>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .float("first-step", \.firstStep, in: 0...1_000, "Length of the first step over the box's width."),
    .float("first-growth", \.firstGrowth, in: 0...1, "How fast the radius changes at first."),
  ]
}
