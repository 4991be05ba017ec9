import AdvTensor
import AdvThreat

/// Carlini & Wagner's L∞ attack — 2016, arXiv:1608.04644, section VI.C.
///
/// Adam on Σ max(0, |x' − x| − τ) + c · max(0, κ − lead), each round from the last round's end. After a success τ
/// falls to nine tenths of the distance reached, after a failure c doubles; an image is done when c passes its
/// limit or τ half a level of 8 bits.
struct CarliniThreshold {
  let attack: CarliniWagner

  private static let decrease = 0.9
  private static let largestConstant = 20.0
  private static let smallestThreshold = 1.0 / 510
  private static let rounds = 100

  /// One image's place in the search.
  private struct Row {
    var constant: Double  // c
    var threshold: Double  // τ
    var reached = Double.infinity  // the smallest adversarial distance of this round

    var isDone: Bool { constant > largestConstant || threshold < smallestThreshold }

    mutating func finishRound() {
      if reached.isFinite {
        threshold = decrease * Swift.min(threshold, reached)
      } else {
        constant *= 2
      }
      reached = .infinity
    }
  }

  /// Rounds until every image is done.
  func run(_ search: inout Search, on oracle: any GradientOracle) throws(ThreatError) {
    let (problem, width) = (search.problem, Double(search.problem.box.width))
    var rows = Array(
      repeating: Row(constant: Double(attack.firstConstant), threshold: width), count: problem.count)
    var starts = problem.images
    for _ in 0..<Self.rounds {
      search.resume { !rows[$0].isDone }
      guard !search.isFinished else { break }
      try minimise(&search, &rows, &starts, on: oracle)
    }
    search.resume()
  }

  private func minimise(
    _ search: inout Search, _ rows: inout [Row], _ starts: inout Tensor, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let round = search.active
    var adam = AdamInTanhSpace(
      starts.rows(round), search.problem.box, rate: Double(attack.rate), inward: CarliniWagner.inward)
    var x = search.originals
    for step in 0..<attack.steps where !search.isFinished {
      adam.writePoints(&x)
      var settled = try search.linearize(at: x, on: oracle)
      let distances = Norm.linf.distances(x, search.originals)
      for (row, image) in search.active.enumerated() where search.isMet[row] {
        rows[image].reached = Swift.min(rows[image].reached, distances[row])
      }
      guard settled.contains(false) else {
        search.drop(settled, &x)
        break
      }
      try search.pullback(attack.weighted(search, rows.map(\.constant)), &settled, on: oracle)
      if let kept = search.drop(settled, &x) { adam = adam.rows(kept) }
      search.countStep()
      var slope = search.here.gradient
      let losses = addExcess(&slope, x, search, rows)
      adam.step(slope, number: step + 1)
      for (row, image) in search.active.enumerated() { starts.setRow(image, to: x, row: row) }
      if let kept = search.suspend(areDone(search, rows, losses, &adam, step), &x) { adam = adam.rows(kept) }
    }
    for image in round { rows[image].finishRound() }
  }

  /// Adds the derivative of Σ max(0, |x' − x| − τ); the whole objectives.
  private func addExcess(_ slope: inout Tensor, _ x: Tensor, _ search: Search, _ rows: [Row]) -> [Double] {
    var losses = search.active.indices.map { row in
      let short = Swift.max(0, Double(attack.wantedLead(search)) - Double(search.here.losses[row]))
      return rows[search.active[row]].constant * short
    }
    var moves = x
    moves.add(search.originals, times: -1)
    Rows.forEachIndexed(&slope, moves) { row, sum, move, count in
      let threshold = Float(rows[search.active[row]].threshold)
      for index in 0..<count where move[index].magnitude > threshold {
        losses[row] += Double(move[index].magnitude - threshold)
        sum[index] += move[index] > 0 ? 1 : -1
      }
    }
    return losses
  }

  /// Images whose objective is next to nothing, or falls no longer; on a tie it is nothing, but nothing is broken.
  private func areDone(
    _ search: Search, _ rows: [Row], _ losses: [Double], _ adam: inout AdamInTanhSpace, _ step: Int
  ) -> [Bool] {
    var done = search.active.indices.map {
      search.isMet[$0] && losses[$0] < 1e-4 * rows[search.active[$0]].constant
    }
    if step % Swift.max(attack.steps / 10, 1) == 0, step > 0 {
      let stalled = adam.areStalled(losses, above: CarliniWagner.stalled)
      for row in done.indices where stalled[row] { done[row] = true }
    }
    return done
  }
}
