import AdvTensor
import AdvThreat

/// Brendel & Bethge's attack — Brendel et al. 2019, arXiv:1907.01003.
///
/// From a point on the decision boundary, walk along it towards the image: every step solves
/// min ‖x + δ − x₀‖_p over ⟨b, δ⟩ = c, ‖δ‖₂ ≤ r, x + δ in the box, with b the running mean of the lead's gradient and
/// c a little beyond the boundary. r shrinks by half twenty times. The start is the first adversarial point along
/// gradients of growing length, drawn back to the boundary by bisection.
public struct BrendelBethge: Attack {
  /// Steps along the boundary; the authors' program takes 1,000.
  public var steps = 200
  /// The first r over the number of elements and the box's width; at least a tenth of the distance, in L0 three widths.
  public var rate: Float = 0.001
  /// How far c aims beyond the boundary; 1 is on it.
  public var overshoot: Float = 1.1
  /// How much of the old mean stays in b.
  public var momentum: Float = 0.8
  /// Bisections of the start.
  public var bisections = 10

  /// The published constants, with a fifth of the steps.
  public init() {}

  private static let decays = 20
  private static let growths = 24

  /// Walks along the boundary; the nearest adversarial point is kept.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = try start(&search, on: oracle)
    var boundary = Tensor(x.shape)  // b
    var radii = firstRadii(x, search)  // r
    for step in 0..<steps where !search.isFinished {
      if let kept = try search.evaluate(&x, on: oracle) {
        (boundary, radii) = (boundary.rows(kept), kept.map { radii[$0] })
      }
      guard !search.isFinished else { break }
      Rows.forEach(&boundary, search.here.gradient) { mean, slope, count in
        let old = step == 0 ? 0 : momentum
        for index in 0..<count { mean[index] = old * mean[index] + (1 - old) * slope[index] }
      }
      if (step + 2) % Swift.max(steps / Self.decays, 1) == 0 { radii = radii.map { $0 / 2 } }
      walk(&x, boundary, radii, search)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }

  /// In proportion to the number of elements; for small images, where that is too little to come home, to the
  /// distance. In L0, where an element comes home at once or not at all, there is room for some that do.
  private func firstRadii(_ x: Tensor, _ search: Search) -> [Double] {
    let width = Double(search.problem.box.width)
    let least = Double(rate) * Double(x.rowStride) * width
    let isSparse = search.problem.objective.norm == .l0
    return Norm.l2.distances(x, search.originals).map { Swift.max(least, isSparse ? 3 * width : $0 / 10) }
  }

  /// x ← x + δ for every active image.
  private func walk(_ x: inout Tensor, _ boundary: Tensor, _ radii: [Double], _ search: Search) {
    let (box, norm) = (search.problem.box, search.problem.objective.norm)
    let margin = search.problem.criterion.margin
    Rows.forEachIndexed(&x, boundary) { row, point, slope, count in
      let lead = Double(search.here.losses[row] - margin)
      let aim = lead < 0 ? -Double(overshoot) * lead : -(2 - Double(overshoot)) * lead
      let center = search.originals.row(row).elements
      let region = TrustRegion(
        norm: norm, home: (0..<count).map { Double(center[$0]) - Double(point[$0]) },
        room: (0..<count).map {
          (Double(box.lower) - Double(point[$0]), Double(box.upper) - Double(point[$0]))
        },
        slope: (0..<count).map { Double(slope[$0]) }, gain: aim, radius: radii[row])
      for (index, move) in region.step().enumerated() {
        // An element that comes home is exactly the image's.
        let isHome = move == region.home[index]
        point[index] = isHome ? center[index] : box.clamp(Float(Double(point[index]) + move))
      }
    }
  }

  /// Adversarial points near the boundary; images without one stay where the search for them ended.
  private func start(_ search: inout Search, on oracle: any GradientOracle) throws(ThreatError) -> Tensor {
    var (x, points) = (search.originals, search.problem.images)
    var length = 0.01 * Double(x.rowStride).squareRoot() * Double(search.problem.box.width)
    for step in 0..<Self.growths where !search.isFinished {
      try search.evaluate(&x, as: step == 0 ? .origin : .candidate, on: oracle)
      for (row, image) in search.active.enumerated() { points.setRow(image, to: x, row: row) }
      search.suspend(search.isMet, &x)
      guard !search.isFinished else { break }
      Rows.forEach(&x, search.here.gradient) { point, slope, count in
        let scale = Float(length / Swift.max(Rows.l2(slope, count), 1e-12))
        for index in 0..<count {
          point[index] = search.problem.box.clamp(point[index] + scale * slope[index])
        }
      }
      length *= 1.5
    }
    search.resume()
    return try search.drawnBack(points.rows(search.active), rounds: bisections, on: oracle)
  }
}

extension BrendelBethge {
  /// The attack of Brendel and Bethge.
  public static let card = AttackCard(
    "bb", "Brendel & Bethge", paper: "arXiv:1907.01003",
    rule: "x <- x + argmin { |x + d - x0|_p : <b, d> = c, |d|_2 <= r, x + d in box } along the boundary",
    norms: [.l2, .l1, .linf, .l0], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<BrendelBethge>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps along the boundary."),
    .float("rate", \.rate, in: 0...1, "First radius over the number of elements."),
    .float("overshoot", \.overshoot, in: 1...2, "How far a step aims beyond the boundary."),
    .float("momentum", \.momentum, in: 0...1, "How much of the old mean gradient stays."),
    .int("bisections", \.bisections, in: 1...100, "Bisections of the start."),
  ]
}
