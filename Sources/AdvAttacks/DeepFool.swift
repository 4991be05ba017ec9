import AdvTensor
import AdvThreat

/// DeepFool — Moosavi-Dezfooli, Fawzi & Frossard 2015, arXiv:1511.04599.
///
/// Of the linearised boundaries f_k = z_k − z_label = 0 with w_k = ∇f_k take the one of smallest
/// |f_k| / ‖w_k‖_q, add the nearest step onto it to the total r, and set x = x₀ + (1 + overshoot) r, until
/// the class changes. The step is the shortest inside the box; the overshoot does not compound.
public struct DeepFool: Attack {
  /// The most steps.
  public var steps = 50
  /// The number of rivals that are linearised, the likeliest on the clean image first.
  public var candidates = 10
  /// By how much the total is stretched over the boundary.
  public var overshoot: Float = 0.02

  /// The published constants.
  public init() {}

  /// Asked for beyond the boundary, in logits: on a tie the step must not be zero.
  private static let past = 1e-6

  /// Walks to the nearest boundary; an image leaves when it is across.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    var total = Tensor(x.shape)  // r
    var rivals: [[Int]] = []
    for step in 0..<steps where !search.isFinished {
      var settled = try search.linearize(at: x, as: step == 0 ? .origin : .candidate, on: oracle)
      if step == 0 { rivals = rivalsOfRows(search) }
      for row in settled.indices where search.isMet[row] { settled[row] = true }
      if settled.contains(false) {
        if problem.criterion.goal == .targeted { rivals = NearestBoundary.towardTargets(search) }
        let boundary = try NearestBoundary(
          &search, rivals: rivals, &settled, norm: problem.objective.norm, on: oracle)
        advance(&total, from: x, onto: boundary, problem)
      }
      if let kept = search.drop(settled, &x) { (total, rivals) = (total.rows(kept), kept.map { rivals[$0] }) }
      search.countStep()
      stretch(&x, search, total)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }

  private func rivalsOfRows(_ search: Search) -> [[Int]] {
    let ranking = Ranking(search.here.logits, search.active, search.problem.criterion)
    return search.active.map { Array(ranking.rivals(of: $0).prefix(candidates - 1)) }
  }

  /// r ← r + the nearest step from x onto the boundary.
  private func advance(
    _ total: inout Tensor, from x: Tensor, onto boundary: NearestBoundary, _ problem: AttackProblem
  ) {
    let stride = x.rowStride
    var steps = Tensor(x.shape)
    Rows.forEachIndexed(&steps, boundary.normals) { row, step, normal, count in
      x.withElements {
        Boundary.nearest(
          problem.objective.norm, from: $0.baseAddress! + row * stride, normal: normal, count,
          needed: Swift.max(boundary.gaps[row], 0) + Self.past, in: problem.box, into: step)
      }
    }
    Rows.forEach(&total, steps) { sum, step, count in
      for index in 0..<count { sum[index] += step[index] }
    }
  }

  /// x ← clip(x₀ + (1 + overshoot) r).
  private func stretch(_ x: inout Tensor, _ search: Search, _ total: Tensor) {
    let box = search.problem.box
    x = search.originals
    Rows.forEach(&x, total) { point, sum, count in
      for index in 0..<count { point[index] = box.clamp(point[index] + (1 + overshoot) * sum[index]) }
    }
  }
}

extension DeepFool {
  /// DeepFool.
  public static let card = AttackCard(
    "deepfool", "DeepFool", paper: "arXiv:1511.04599",
    rule: "r <- r + nearest step onto the closest linearised boundary;  x = x0 + (1 + overshoot) r",
    norms: [.l2, .linf, .l1], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<DeepFool>] = [
    .int("steps", \.steps, in: 1...100_000, "Most steps."),
    .int("candidates", \.candidates, in: 2...10_000, "Classes looked at, the label included."),
    .float("overshoot", \.overshoot, in: 0...10, "Stretch of the total over the boundary."),
  ]
}
