import AdvDefenses
import AdvTensor
import AdvThreat

/// The laws that every defence of the catalogue obeys on a linear model; what is violated, nothing if the list is
/// empty.
///
/// Checked: the answer for an image does not depend on its neighbours, on their order or on what was asked before;
/// another draw gives other numbers exactly where the card says that there are draws; and the gradient is what the
/// policy promises: the identity's, or the derivative of what a search sees.
public func checkDefense(_ defense: any Defense, _ context: DefenseContext = DefenseContext(seed: 5)) throws
  -> [String]
{
  let check = try DefenseCheck(defense, context)
  return try check.independence() + check.draws() + check.gradient()
}

private struct DefenseCheck {
  let defense: any Defense
  let context: DefenseContext
  let scenario: LinearScenario
  let images: Tensor
  let ids: [UInt64] = [31, 4, 159, 26, 53]

  init(_ defense: any Defense, _ context: DefenseContext) throws {
    (self.defense, self.context) = (defense, context)
    scenario = try LinearScenario(
      .init(seed: 11, batch: 5, imageShape: [3, 9, 8], classes: 4, place: .inner))
    // No two pixels of a channel are closer than 0.004: finite differences meet no kink of a median.
    var stream = RandomStream(seed: 12)
    let planes = (0..<15).flatMap { _ in
      (0..<72).shuffled(using: &stream).map { 0.35 + 0.3 * Float($0) / 71 }
    }
    images = Tensor([5, 3, 9, 8], planes)
  }

  struct Answer {
    var logits: Tensor
    var gradient: Tensor
  }

  func ask(_ draw: Draw, rows: [Int], _ moved: Tensor? = nil, on oracle: (any GradientOracle)? = nil) throws
    -> Answer
  {
    let oracle = try oracle ?? defense.guarding(scenario.oracle, context)
    let x = (moved ?? images).rows(rows)
    oracle.announce(draw, of: rows.map { ids[$0] })
    var answer = Answer(logits: Tensor([0]), gradient: Tensor([0]))
    if draw == .verdict {
      answer.logits = try oracle.logits(x)
      return answer
    }
    try oracle.linearize(at: x, logits: &answer.logits)
    answer.gradient = try oracle.pullback(cotangent(rows, oracle.classCount))
    return answer
  }

  private func cotangent(_ rows: [Int], _ classes: Int) -> Tensor {
    var stream = RandomStream(seed: 77)
    let all = Tensor([ids.count, classes], (0..<ids.count * classes).map { _ in stream.uniform(-1, 1) })
    return all.rows(rows)
  }

  func independence() throws -> [String] {
    var problems: [String] = []
    for draw in [Draw.verdict, .search(0), .search(3)] {
      let oracle = try defense.guarding(scenario.oracle, context)
      let whole = try ask(draw, rows: [0, 1, 2, 3, 4], on: oracle)
      let mixed = try ask(draw, rows: [3, 0, 4], on: oracle)
      for (row, place) in [3, 0, 4].enumerated() {
        if !mixed.logits.row(row).isIdentical(to: whole.logits.row(place)) {
          problems.append("\(draw): the logits of image \(place) depend on its batch")
        }
        if draw != .verdict, !mixed.gradient.row(row).isIdentical(to: whole.gradient.row(place)) {
          problems.append("\(draw): the gradient of image \(place) depends on its batch")
        }
      }
      let none = try ask(draw, rows: [], on: oracle)
      if none.logits.rowCount != 0 { problems.append("\(draw): no images have logits \(none.logits.shape)") }
    }
    return problems
  }

  func draws() throws -> [String] {
    let answers = try [Draw.search(0), .search(1)].map { try ask($0, rows: [0, 1, 2, 3, 4]).logits }
    let isSame = answers[0].isIdentical(to: answers[1])
    let isRandom = defense.card.gradient == .averaged || defense is any RandomFilter
    return isSame == isRandom
      ? ["two draws are \(isSame ? "equal" : "different"), the card says otherwise"] : []
  }

  /// Central differences of what a search sees, along random directions; a straight-through filter promises the
  /// gradient of its base instead.
  func gradient() throws -> [String] {
    let here = try ask(.search(0), rows: [0, 1, 2, 3, 4])
    if defense is any StraightThrough && !(defense is any RandomFilter) {
      let base = scenario.oracle
      var logits = Tensor([0])
      try base.linearize(at: images, logits: &logits)
      let identity = try base.pullback(cotangent([0, 1, 2, 3, 4], base.classCount))
      return here.gradient.isIdentical(to: identity) ? [] : ["the gradient is not that of the identity"]
    }
    if defense is any StraightThrough { return [] }
    var problems: [String] = []
    for seed in 0..<4 {
      var stream = RandomStream(seed: 1000 + UInt64(seed))
      let direction = (0..<images.count).map { _ in stream.uniform(-1, 1) }
      // Filters are linear between their kinks and the mixture is smooth.
      let step: Float = 1e-3
      func value(_ sign: Float) throws -> Double {
        let moved = Tensor(
          images.shape, zip(images.elements, direction).map { $0 + sign * step * $1 })
        let logits = try ask(.search(0), rows: [0, 1, 2, 3, 4], moved).logits
        return zip(logits.elements, cotangent([0, 1, 2, 3, 4], logits.rowStride).elements)
          .reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let numeric = (try value(1) - value(-1)) / (2 * Double(step))
      let analytic = zip(here.gradient.elements, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      if abs(numeric - analytic) > 2e-3 * max(1, abs(numeric)) {
        problems.append("along direction \(seed) the slope is \(numeric), the gradient says \(analytic)")
      }
    }
    return problems
  }
}
