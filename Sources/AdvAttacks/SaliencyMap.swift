import AdvTensor
import AdvThreat

/// Jacobian-based saliency map attack (JSMA) — Papernot et al. 2015, arXiv:1511.07528.
///
/// Of all pairs of elements that still have room, raised together or lowered together, take the one with the
/// largest −α β, where α > 0 is what the target's score gains and β < 0 what all others gain, and move both by θ.
/// Where no pair meets the two conditions, the largest α − β decides. An untargeted attack goes for the
/// likeliest other class of the clean image, and any wrong class counts.
public struct SaliencyMap: Attack {
  /// What the derivatives are taken of.
  public enum Scores: String, CaseIterable, Sendable {
    /// The logits.
    case logits
    /// The softmax, as in the paper's second variant.
    case probabilities
  }

  /// How far an element moves in one step, over the box's width.
  public var step: Float = 1  // θ
  /// The share of elements that may change.
  public var share: Float = 1  // γ
  /// What the derivatives are taken of.
  public var scores = Scores.logits

  /// Moves to the bounds, without a limit on their number.
  public init() {}

  /// Moves one pair at a time; an image leaves when it is broken or has no element left.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    var targets: [Int: Int] = [:]
    while !search.isFinished {
      let isFirst = targets.isEmpty
      var settled = try search.linearize(at: x, as: isFirst ? .origin : .candidate, on: oracle)
      if isFirst { targets = targetsOfImages(search) }
      for row in settled.indices where search.isMet[row] { settled[row] = true }
      guard settled.contains(false) else {
        search.drop(settled, &x)
        break
      }
      let classes = search.active.map { targets[$0]! }
      let logits = search.here.logits
      try search.pullback(cotangent(logits, classes, ofTarget: true), &settled, on: oracle)
      let gains = search.here.gradient
      try search.pullback(cotangent(logits, classes, ofTarget: false), &settled, on: oracle)
      for row in settled.indices where !settled[row] {
        settled[row] = !move(&x, row, gains, search.here.gradient, search)
      }
      search.drop(settled, &x)
      search.countStep()
    }
    return search.result
  }

  private func targetsOfImages(_ search: Search) -> [Int: Int] {
    let criterion = search.problem.criterion
    let ranking = Ranking(search.here.logits, search.active, criterion)
    return Dictionary(
      uniqueKeysWithValues: search.active.map {
        ($0, criterion.goal == .targeted ? criterion.labels[$0] : ranking.rival(0, of: $0))
      })
  }

  /// The derivative by the logits of the target's score, or of the sum of all other scores.
  private func cotangent(_ logits: Tensor, _ targets: [Int], ofTarget: Bool) -> Tensor {
    var result = Tensor(logits.shape)
    let classes = logits.rowStride
    for (row, target) in targets.enumerated() {
      let z = logits.row(row).elements
      switch scores {
      case .logits:
        for label in 0..<classes { result[row * classes + label] = (label == target) == ofTarget ? 1 : 0 }
      case .probabilities:
        // p_t = softmax(z)_t    so: dp_t/dz_k = p_t ([k = t] − p_k), and the others' sum is 1 − p_t.
        let p = Softmax.probabilities(z)
        for label in 0..<classes {
          let slope = p[target] * ((label == target ? 1 : 0) - p[label])
          result[row * classes + label] = ofTarget ? slope : -slope
        }
      }
    }
    return result
  }

  /// Moves the best pair of a row; false where nothing is left to move.
  private func move(_ x: inout Tensor, _ row: Int, _ gains: Tensor, _ losses: Tensor, _ search: Search)
    -> Bool
  {
    let (count, box) = (x.rowStride, search.problem.box)
    let points = x.row(row).elements
    let originals = search.originals.row(row).elements
    let changed = points.indices.count { points[$0] != originals[$0] }
    let limit = share < 1 ? Int(share * Float(count)) : count
    let (a, b) = (gains.row(row).elements, losses.row(row).elements)
    var best: SaliencyPair?
    for sign: Float in [1, -1] {
      let free = points.indices.filter { index in
        // An element never turns back, so that the search ends.
        (sign > 0 ? points[index] < box.upper : points[index] > box.lower)
          && sign * (points[index] - originals[index]) >= 0
          && (changed < limit || points[index] != originals[index])
      }
      let pair = SaliencyPair.best(among: free, sign: sign, gains: a, losses: b)
      if let pair, pair.isBetter(than: best) { best = pair }
    }
    guard let best else { return false }
    for index in best.elements {
      x[row * count + index] = box.clamp(points[index] + best.sign * step * box.width)
    }
    return true
  }
}

extension SaliencyMap {
  /// JSMA.
  public static let card = AttackCard(
    "jsma", "Jacobian-based saliency map attack", paper: "arXiv:1511.07528",
    rule: "move the pair of elements with the largest -alpha beta by theta, until the class changes",
    norms: [.l0], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<SaliencyMap>] = [
    .float("step", \.step, in: 0.001...1, "Move of an element over the box's width."),
    .float("share", \.share, in: 0...1, "Share of elements that may change."),
    .choice("scores", \.scores, "What the derivatives are taken of."),
  ]
}
