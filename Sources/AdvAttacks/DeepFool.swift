import AdvTensor
import AdvThreat

/// DeepFool — Moosavi-Dezfooli, Fawzi & Frossard 2015, arXiv:1511.04599.
///
/// Of the linearised boundaries f_k = z_k − z_label = 0 with w_k = ∇f_k take the one of smallest
/// |f_k| / ‖w_k‖_q, add the nearest step onto it to the total r, and set x = x₀ + (1 + overshoot) r, until
/// the class changes. The step is the shortest inside the box; the overshoot does not compound, and a bisection of
/// the way back to x₀ takes it off again, with what a tangent has gone too far.
public struct DeepFool: Attack {
  /// The most steps.
  public var steps = 50
  /// The number of rivals that are linearised, the likeliest on the clean image first.
  public var candidates = 10
  /// By how much the total is stretched over the boundary.
  public var overshoot: Float = 0.02
  /// Bisections of the way back once the class has changed; 0 leaves the published end.
  public var bisections = 10

  /// The published constants, with a way back.
  public init() {}

  /// Asked for beyond the boundary, in logits: on a tie the step must not be zero.
  private static let past = 1e-6

  /// Walks to the nearest boundary; an image that is across waits there for the way back.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    var total = Tensor(x.shape)  // r
    var rivals: [[Int]] = []
    var across = Across(points: problem.images)
    for step in 0..<steps where !search.isFinished {
      var isDone = try search.linearize(at: x, as: step == 0 ? .origin : .candidate, on: oracle)
      if step == 0 { rivals = rivalsOfRows(search) }
      across.note(x, search, &isDone)
      if isDone.contains(false) {
        if problem.criterion.goal == .targeted { rivals = NearestBoundary.towardTargets(search) }
        let boundary = try NearestBoundary(
          &search, rivals: rivals, &isDone, norm: problem.objective.norm, on: oracle)
        advance(&total, from: x, onto: boundary, problem)
      }
      if let kept = search.suspend(isDone, &x) {
        (total, rivals) = (total.rows(kept), kept.map { rivals[$0] })
      }
      search.countStep()
      stretch(&x, search, total)
    }
    try search.judge(&x, on: oracle)
    var isDone = search.active.map { _ in false }
    across.note(x, search, &isDone)
    search.resume { across.images.contains($0) }
    _ = try search.drawnBack(across.points.rows(search.active), rounds: bisections, on: oracle)
    return search.result
  }

  /// The images whose class has changed, and where.
  private struct Across {
    var images: Set<Int> = []
    /// One row for each image of the problem.
    var points: Tensor

    /// Takes in the rows that are across and not done with for another reason; they are done now.
    mutating func note(_ x: Tensor, _ search: Search, _ isDone: inout [Bool]) {
      for (row, image) in search.active.enumerated() where search.isMet[row] && !isDone[row] {
        images.insert(image)
        points.setRow(image, to: x, row: row)
        isDone[row] = true
      }
    }

    init(points: Tensor) { self.points = points }
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
    rule:
      "r <- r + nearest step onto the closest linearised boundary;  x = x0 + (1 + overshoot) r, then bisected back",
    norms: [.l2, .linf, .l1], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<DeepFool>] = [
    .int("steps", \.steps, in: 1...100_000, "Most steps."),
    .int("candidates", \.candidates, in: 2...10_000, "Classes looked at, the label included."),
    .float("overshoot", \.overshoot, in: 0...10, "Stretch of the total over the boundary."),
    .int("bisections", \.bisections, in: 0...60, "Bisections of the way back; 0 leaves the published end."),
  ]
}
