import AdvTensor
import AdvThreat

/// Carlini & Wagner's L0 attack — 2016, arXiv:1608.04644, section VI.B.
///
/// The L2 attack on the elements that are still free, until it succeeds; then the free elements of smallest
/// |x' − x| · |∇| are set back for good, about 0.3 √(free) of them, and it goes on from there. While it fails c
/// doubles; an image is done when c passes its limit.
struct CarliniSupport {
  let attack: CarliniWagner

  private static let largestConstant = 2e6
  private static let rounds = 2_000

  /// One image's place in the search.
  private struct Row {
    var constant: Double  // c
    var isFree: [Bool]
    var hasFound = false  // in this round

    var isDone: Bool { constant > largestConstant || !isFree.contains(true) }
  }

  /// Rounds until every image is done.
  func run(_ search: inout Search, on oracle: any GradientOracle) throws(ThreatError) {
    let stride = search.problem.images.rowStride
    var rows = Array(
      repeating: Row(
        constant: Double(attack.firstConstant), isFree: Array(repeating: true, count: stride)),
      count: search.problem.count)
    var starts = search.problem.images
    for _ in 0..<Self.rounds {
      search.resume { !rows[$0].isDone }
      guard !search.isFinished else { break }
      try minimise(&search, &rows, &starts, on: oracle)
    }
    search.resume()
  }

  /// Adam on the free elements; an image leaves the round when it is broken, or when its loss falls no longer.
  private func minimise(
    _ search: inout Search, _ rows: inout [Row], _ starts: inout Tensor, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let round = search.active
    var adam = AdamInTanhSpace(
      starts.rows(round), search.problem.box, rate: Double(attack.rate), inward: CarliniWagner.inward)
    var x = search.originals
    for step in 0..<attack.steps where !search.isFinished {
      adam.writePoints(&x)
      restore(&x, search, rows)
      var settled = try search.linearize(at: x, on: oracle)
      guard settled.contains(false) else {
        search.drop(settled, &x)
        break
      }
      // Where the lead is reached the loss is flat; freezing asks for the slope of the lead all the same.
      try search.pullback(search.here.cotangent, &settled, on: oracle)
      if let kept = search.drop(settled, &x) { adam = adam.rows(kept) }
      search.countStep()
      for (row, image) in search.active.enumerated() where search.isMet[row] {
        freeze(&rows[image], x, row, search)
        starts.setRow(image, to: x, row: row)
      }
      adam.step(slope(x, search, rows), number: step + 1)
      var isOver = search.isMet
      if step % Swift.max(attack.steps / 10, 1) == 0, step > 0 {
        let stalled = adam.areStalled(objectives(x, search, rows), above: CarliniWagner.stalled)
        for row in isOver.indices where stalled[row] { isOver[row] = true }
      }
      if let kept = search.suspend(isOver, &x) { adam = adam.rows(kept) }
    }
    for image in round {
      if !rows[image].hasFound { rows[image].constant *= 2 }
      rows[image].hasFound = false
    }
  }

  /// Elements that are no longer free are exactly the original's.
  private func restore(_ x: inout Tensor, _ search: Search, _ rows: [Row]) {
    Rows.forEachIndexed(&x, search.originals) { row, point, center, count in
      let isFree = rows[search.active[row]].isFree
      for index in 0..<count where !isFree[index] { point[index] = center[index] }
    }
  }

  /// Sets back the free elements that matter least.
  private func freeze(_ state: inout Row, _ x: Tensor, _ row: Int, _ search: Search) {
    let (point, center) = (x.row(row).elements, search.originals.row(row).elements)
    let gradient = search.here.gradient.row(row).elements
    let worth = point.indices.map { (point[$0] - center[$0]).magnitude * gradient[$0].magnitude }
    let free = point.indices.filter { state.isFree[$0] }
    let order = free.sorted { worth[$0] != worth[$1] ? worth[$0] < worth[$1] : $0 < $1 }
    let count = Swift.max(Int(0.3 * Double(free.count).squareRoot()), 1)
    for index in order.prefix(count) { state.isFree[index] = false }
    for index in free where point[index] == center[index] { state.isFree[index] = false }
    state.hasFound = true
  }

  /// The derivative of ‖x' − x‖² + c · max(0, κ − lead) by the free elements.
  private func slope(_ x: Tensor, _ search: Search, _ rows: [Row]) -> Tensor {
    var moves = x
    moves.add(search.originals, times: -1)
    var result = search.here.gradient
    Rows.forEachIndexed(&result, moves) { row, sum, move, count in
      let state = rows[search.active[row]]
      let isShort = search.here.losses[row] <= attack.wantedLead(search)
      for index in 0..<count {
        let byLoss = isShort ? Float(-state.constant) * sum[index] : 0
        sum[index] = state.isFree[index] ? 2 * move[index] + byLoss : 0
      }
    }
    return result
  }

  private func objectives(_ x: Tensor, _ search: Search, _ rows: [Row]) -> [Double] {
    let distances = Norm.l2.distances(x, search.originals)
    return search.active.indices.map { row in
      let short = Swift.max(0, Double(attack.wantedLead(search)) - Double(search.here.losses[row]))
      return distances[row] * distances[row] + rows[search.active[row]].constant * short
    }
  }
}
