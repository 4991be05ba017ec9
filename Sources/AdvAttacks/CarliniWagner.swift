import AdvTensor
import AdvThreat
import Foundation

/// Carlini & Wagner's attacks — 2016, arXiv:1608.04644.
///
/// x' = ½ (tanh(w) + 1) in the box. L2: Adam on ‖x' − x‖² + c · max(0, κ − lead) for several c per image: while
/// nothing is found c grows tenfold, then it is bisected. Adam and w begin anew for every c; each image
/// stops its own inner loop when its loss no longer falls. The smallest adversarial point over all c is kept.
/// L∞ is `CarliniThreshold`, L0 `CarliniSupport`.
public struct CarliniWagner: Attack {
  /// Adam's steps for one c.
  public var steps = 1_000
  /// The number of values of c (L2).
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
  static let inward = 0.999999
  /// An image whose loss has not fallen below this share of its last check is done with its c.
  static let stalled = 0.9999

  /// Searches c for every image.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    switch problem.objective.norm {
    case .linf: try CarliniThreshold(attack: self).run(&search, on: oracle)
    case .l0: try CarliniSupport(attack: self).run(&search, on: oracle)
    case .l2, .l1: try searchConstants(&search, on: oracle)
    }
    return search.result
  }

  private func searchConstants(_ search: inout Search, on oracle: any GradientOracle) throws(ThreatError) {
    let width = search.problem.box.width  // in its units the search is that of the unit box
    let first = ConstantSearch(first: firstConstant * width * width)
    var constants = Array(repeating: first, count: search.problem.count)
    for _ in 0..<searches where !search.isFinished {
      try minimise(&search, &constants, on: oracle)
      search.resume()
      for image in search.active { constants[image].bisect() }
    }
  }

  /// Adam for every image with its own c, until its loss stalls.
  private func minimise(
    _ search: inout Search, _ constants: inout [ConstantSearch], on oracle: any GradientOracle
  ) throws(ThreatError) {
    var x = search.originals
    var adam = AdamInTanhSpace(search.originals, search.problem.box, rate: Double(rate), inward: Self.inward)
    for step in 0..<steps where !search.isFinished {
      adam.writePoints(&x)
      var settled = try search.linearize(at: x, on: oracle)
      for (row, image) in search.active.enumerated() where search.isMet[row] {
        constants[image].isBroken = true
      }
      if settled.contains(false) {
        try search.pullback(weighted(search, constants.map(\.value)), &settled, on: oracle)
      }
      if let kept = search.drop(settled, &x) { adam = adam.rows(kept) }
      if step % Swift.max(steps / 10, 1) == 0, step > 0 {
        let isStalled = adam.areStalled(objective(search, x, constants), above: Self.stalled)
        if let kept = search.suspend(isStalled, &x) { adam = adam.rows(kept) }
      }
      if search.active.isEmpty { break }  // a limit can end all images at once, before any gradient
      search.countStep()
      // The derivative of ‖x' − x‖² joins that of the weighted loss.
      var slope = search.here.gradient
      slope.add(x, times: 2)
      slope.add(search.originals, times: -2)
      adam.step(slope, number: step + 1)
    }
    guard !search.isFinished else { return }
    adam.writePoints(&x)
    try search.judge(&x, on: oracle)
    for (row, image) in search.active.enumerated() where search.isMet[row] {
      constants[image].isBroken = true
    }
  }

  /// The cotangent of c · max(0, κ − lead), to be lowered; one c per image of the problem.
  func weighted(_ search: Search, _ constants: [Double]) -> Tensor {
    // c · max(0, κ − lead) is lowered, so the lead's derivative enters with −c where the lead is short.
    var cotangent = search.here.cotangent
    let classes = cotangent.rowStride
    for (row, image) in search.active.enumerated() {
      let scale = search.here.losses[row] <= wantedLead(search) ? Float(-constants[image]) : 0
      for index in row * classes..<(row + 1) * classes { cotangent[index] *= scale }
    }
    return cotangent
  }

  /// κ, at least what the criterion asks for.
  func wantedLead(_ search: Search) -> Float {
    Swift.max(confidence, search.problem.criterion.margin)
  }

  private func objective(_ search: Search, _ x: Tensor, _ constants: [ConstantSearch]) -> [Double] {
    let distances = Norm.l2.distances(x, search.originals)
    return search.active.indices.map { row in
      let short = Swift.max(0, Double(wantedLead(search)) - Double(search.here.losses[row]))
      return distances[row] * distances[row] + constants[search.active[row]].value * short
    }
  }
}

extension CarliniWagner {
  /// The three attacks of the paper.
  public static let card = AttackCard(
    "cw", "Carlini & Wagner", paper: "arXiv:1608.04644",
    rule: "Adam on |x' - x|^2 + c max(0, kappa - lead), x' = (tanh(w) + 1)/2, c by bisection",
    norms: [.l2, .linf, .l0], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<CarliniWagner>] = [
    .int("steps", \.steps, in: 1...100_000, "Adam's steps for one c."),
    .int("searches", \.searches, in: 1...100, "Values of c tried per image (L2)."),
    .float("first-constant", \.firstConstant, in: 1e-10...1e10, "First value of c."),
    .float("rate", \.rate, in: 0...10, "Adam's learning rate."),
    .float("confidence", \.confidence, in: 0...1_000, "Lead in logits that the loss asks for."),
  ]
}
