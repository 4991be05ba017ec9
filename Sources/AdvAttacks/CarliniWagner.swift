import AdvTensor
import AdvThreat
import Foundation

/// Carlini & Wagner's L2 attack — 2016, arXiv:1608.04644.
///
/// x' = ½ (tanh(w) + 1) in the box; Adam on ‖x' − x‖² + c · max(0, κ − lead) for several c per image: while
/// nothing is found c grows tenfold, then it is bisected. Adam and w begin anew for every c; each image
/// stops its own inner loop when its loss no longer falls. The smallest adversarial point over all c is kept.
public struct CarliniWagner: Attack {
  /// Adam's steps for one c.
  public var steps = 1_000
  /// The number of values of c.
  public var searches = 9
  /// The first c.
  public var firstConstant: Float = 1e-3
  /// Adam's learning rate.
  public var rate: Float = 0.01
  /// The lead in logits that the loss asks for.
  public var confidence: Float = 0  // κ

  /// The published constants, with a tenth of the paper's inner steps.
  public init() {}

  /// Where the box's ends would need an infinite w.
  private static let inward = 0.999999
  /// An image whose loss has not fallen below this share of its last check is done with its c.
  private static let stalled = 0.9999

  /// One image's search for c.
  private struct Constant {
    var value: Double
    var low = 0.0
    var high = Double.infinity
    var isBroken = false  // with this c

    /// The next c after the result of this one.
    mutating func bisect() {
      if isBroken { high = Swift.min(high, value) } else { low = Swift.max(low, value) }
      value = high.isFinite ? (low + high) / 2 : value * 10
      isBroken = false
    }
  }

  /// Searches c for every image.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    var constants = Array(repeating: Constant(value: Double(firstConstant)), count: problem.count)
    for _ in 0..<searches where !search.isFinished {
      try minimise(&search, &constants, on: oracle)
      search.resume()
      for image in search.active { constants[image].bisect() }
    }
    return search.result
  }

  /// Adam for every image with its own c, until its loss stalls.
  private func minimise(
    _ search: inout Search, _ constants: inout [Constant], on oracle: any GradientOracle
  ) throws(ThreatError) {
    var x = search.originals
    var adam = AdamInTanhSpace(search.originals, search.problem.box, rate: Double(rate), inward: Self.inward)
    for step in 0..<steps where !search.isFinished {
      adam.writePoints(&x)
      var settled = try search.linearize(at: x, on: oracle)
      for (row, image) in search.active.enumerated() where search.isMet[row] {
        constants[image].isBroken = true
      }
      if settled.contains(false) { try search.pullback(weighted(search, constants), &settled, on: oracle) }
      if let kept = search.drop(settled, &x) { adam = adam.rows(kept) }
      if step % Swift.max(steps / 10, 1) == 0, step > 0 {
        let isStalled = adam.areStalled(objective(search, x, constants), above: Self.stalled)
        if let kept = search.suspend(isStalled, &x) { adam = adam.rows(kept) }
      }
      search.countStep()
      adam.step(search.here.gradient, x, search.originals, number: step + 1)
    }
    guard !search.isFinished else { return }
    adam.writePoints(&x)
    try search.judge(&x, on: oracle)
    for (row, image) in search.active.enumerated() where search.isMet[row] {
      constants[image].isBroken = true
    }
  }

  private func weighted(_ search: Search, _ constants: [Constant]) -> Tensor {
    // c · max(0, κ − lead) is lowered, so the lead's derivative enters with −c where the lead is short.
    var cotangent = search.here.cotangent
    let classes = cotangent.rowStride
    for (row, image) in search.active.enumerated() {
      let scale = search.here.losses[row] <= wantedLead(search) ? Float(-constants[image].value) : 0
      for index in row * classes..<(row + 1) * classes { cotangent[index] *= scale }
    }
    return cotangent
  }

  private func wantedLead(_ search: Search) -> Float {
    Swift.max(confidence, search.problem.criterion.margin)
  }

  private func objective(_ search: Search, _ x: Tensor, _ constants: [Constant]) -> [Double] {
    let distances = Norm.l2.distances(x, search.originals)
    return search.active.indices.map { row in
      let short = Swift.max(0, Double(wantedLead(search)) - Double(search.here.losses[row]))
      return distances[row] * distances[row] + constants[search.active[row]].value * short
    }
  }
}

extension CarliniWagner {
  /// The L2 attack.
  public static let card = AttackCard(
    "cw", "Carlini & Wagner L2", paper: "arXiv:1608.04644",
    rule: "Adam on |x' - x|^2 + c max(0, kappa - lead), x' = (tanh(w) + 1)/2, c by bisection",
    norms: [.l2], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<CarliniWagner>] = [
    .int("steps", \.steps, in: 1...100_000, "Adam's steps for one c."),
    .int("searches", \.searches, in: 1...100, "Values of c tried per image."),
    .float("first-constant", \.firstConstant, in: 1e-10...1e10, "First value of c."),
    .float("rate", \.rate, in: 0...10, "Adam's learning rate."),
    .float("confidence", \.confidence, in: 0...1_000, "Lead in logits that the loss asks for."),
  ]
}
