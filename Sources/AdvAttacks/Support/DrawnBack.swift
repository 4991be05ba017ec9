import AdvTensor
import AdvThreat

extension Search {
  /// The points at which the ways from `far`, one adversarial point per active image, back to the images leave the
  /// other class, by `rounds` bisections of all ways at once: one forward pass per image and round.
  ///
  /// Every middle is a candidate, so the best stays with the search. The rows are those of the images that are still
  /// active at the end. Behind a boundary that a way crosses more than once, one of its crossings is found.
  mutating func drawnBack(
    _ far: Tensor, rounds: Int, on oracle: any ScoreOracle
  ) throws(ThreatError) -> Tensor {
    var far = far
    var near = originals
    for _ in 0..<rounds where !isFinished {
      var middle = near
      middle.add(near, times: -0.5)
      middle.add(far, times: 0.5)
      if let kept = try judge(&middle, on: oracle) { (near, far) = (near.rows(kept), far.rows(kept)) }
      for row in isMet.indices {
        if isMet[row] {
          far.setRow(row, to: middle, row: row)
        } else {
          near.setRow(row, to: middle, row: row)
        }
      }
    }
    return far
  }
}
