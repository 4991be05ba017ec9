import AdvTensor
import AdvThreat

/// Elastic-net attack (EAD) — Chen et al. 2017, arXiv:1709.04114.
///
/// Iterative shrinking on c · max(0, κ − lead) + ‖x' − x‖² + β ‖x' − x‖₁ with FISTA's momentum: x' ← S_β(y − η ∇)
/// and y ← x' + k / (k + 3) · (x' − x'_previous), where S_β moves every element by β towards the image and η falls as
/// √(1 − k / steps). c is searched per image as in Carlini & Wagner; the smallest adversarial x' in L1 is kept.
public struct ElasticNet: Attack {
  /// Steps for one c.
  public var steps = 1_000
  /// The number of values of c.
  public var searches = 9
  /// The first c.
  public var firstConstant: Float = 1e-3
  /// The first learning rate.
  public var rate: Float = 0.01  // η₀
  /// The weight of the L1 norm.
  public var shrinkage: Float = 0.01  // β
  /// The lead in logits that the loss asks for.
  public var confidence: Float = 0  // κ

  /// The published constants, β as in the experiments on images.
  public init() {}

  /// Searches c for every image.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    var constants = Array(
      repeating: ConstantSearch(first: firstConstant * problem.box.width * problem.box.width),
      count: problem.count)
    for _ in 0..<searches where !search.isFinished {
      try minimise(&search, &constants, on: oracle)
      for image in search.active { constants[image].bisect() }
    }
    return search.result
  }

  private func minimise(
    _ search: inout Search, _ constants: inout [ConstantSearch], on oracle: any GradientOracle
  ) throws(ThreatError) {
    var x = search.originals
    var y = x
    for step in 0..<steps where !search.isFinished {
      if let kept = try search.evaluate(&y, as: .probe, on: oracle) { x = x.rows(kept) }
      guard !search.isFinished else { return }
      let previous = x
      x = shrunk(y, search, constants, rate: rate * (1 - Float(step) / Float(steps)).squareRoot())
      let k = Float(step)
      y = x
      Rows.forEach(&y, previous) { point, old, count in
        for index in 0..<count { point[index] += k / (k + 3) * (point[index] - old[index]) }
      }
      if let kept = try search.judge(&x, on: oracle) { y = y.rows(kept) }
      for (row, image) in search.active.enumerated() where search.isMet[row] {
        constants[image].isBroken = true
      }
      search.countStep()
    }
  }

  /// S_β(y − η ∇(c · max(0, κ − lead) + ‖y − x‖²)), cut to the box; the lead's derivative is the search's.
  private func shrunk(_ y: Tensor, _ search: Search, _ constants: [ConstantSearch], rate: Float) -> Tensor {
    let (box, gradient) = (search.problem.box, search.here.gradient)
    var result = y
    let wanted = Swift.max(confidence, search.problem.criterion.margin)
    Rows.forEachIndexed(&result, search.originals) { row, point, center, count in
      let isShort = search.here.losses[row] <= wanted
      let weight = isShort ? Float(constants[search.active[row]].value) : 0
      for index in 0..<count {
        let slope = 2 * (point[index] - center[index]) - weight * gradient[row * count + index]
        let move = point[index] - rate * slope - center[index]
        let kept = Swift.max(move.magnitude - shrinkage * box.width, 0)
        point[index] = kept == 0 ? center[index] : box.clamp(center[index] + (move > 0 ? kept : -kept))
      }
    }
    return result
  }
}

extension ElasticNet {
  /// EAD.
  public static let card = AttackCard(
    "ead", "Elastic-net attack", paper: "arXiv:1709.04114",
    rule: "FISTA on c max(0, kappa - lead) + |x' - x|^2 + beta |x' - x|_1, c by bisection",
    norms: [.l1], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<ElasticNet>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps for one c."),
    .int("searches", \.searches, in: 1...100, "Values of c tried per image."),
    .float("first-constant", \.firstConstant, in: 1e-10...1e10, "First value of c."),
    .float("rate", \.rate, in: 0...10, "First learning rate."),
    .float("shrinkage", \.shrinkage, in: 0...1, "Weight of the L1 norm."),
    .float("confidence", \.confidence, in: 0...1_000, "Lead in logits that the loss asks for."),
  ]
}
