import AdvTensor

/// A greedy search on the 8-bit lattice for images that stopped being adversarial when they were rounded.
///
/// While the criterion does not hold, the coordinates with the largest |gradient of the margin| that stay
/// inside box and ball move by one level in the direction of their sign, of equal gradients the first. Round
/// r of R moves at most ⌈d / 2^(R−1−r)⌉ of d coordinates: few where few suffice, then doubling.
/// Nothing is random, and each image has its own decisions.
public struct LatticeRepair: Sendable {
  /// The most rounds, each a forward and a backward pass.
  public var rounds = 8

  /// Eight rounds: from 1/128 of the coordinates to all of them.
  public init() {}

  /// The repaired candidates: of an image that no round broke, the point of largest margin.
  ///
  /// - Parameters:
  ///   - quantised: `[n, C, H, W]` on the lattice, as `Lattice.quantise` makes them.
  ///   - problem: the images `[n, C, H, W]`, on the lattice too.
  public func repair(
    _ quantised: Tensor, of problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = quantised
    for round in 0..<rounds where !search.isFinished {
      try search.evaluate(&x, on: oracle)
      move(&x, search, round: round)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }

  private func move(_ x: inout Tensor, _ search: Search, round: Int) {
    let (rows, count) = (x.rowCount, x.rowStride)
    guard rows > 0, count > 0 else { return }
    let share = 1 << Swift.min(rounds - 1 - round, 40)
    let quota = (count + share - 1) / share
    x.withMutableElements { points in
      search.originals.withElements { centers in
        search.here.gradient.withElements { slopes in
          for offset in stride(from: 0, to: rows * count, by: count) {
            let range = offset..<offset + count
            moveRow(
              UnsafeMutableBufferPointer(rebasing: points[range]),
              UnsafeBufferPointer(rebasing: centers[range]),
              UnsafeBufferPointer(rebasing: slopes[range]), quota, search.problem.objective)
          }
        }
      }
    }
  }

  private func moveRow(
    _ x: UnsafeMutableBufferPointer<Float>, _ center: UnsafeBufferPointer<Float>,
    _ slope: UnsafeBufferPointer<Float>, _ quota: Int, _ objective: Objective
  ) {
    var budget = LevelBudget(objective, UnsafeBufferPointer(x), center)
    let order = x.indices.filter { slope[$0] != 0 }.sorted {
      let (a, b) = (slope[$0].magnitude, slope[$1].magnitude)
      return a != b ? a > b : $0 < $1
    }
    var moved = 0
    for index in order where moved < quota {
      let (from, origin) = (Lattice.level(x[index]), Lattice.level(center[index]))
      let target = from + (slope[index] > 0 ? 1 : -1)
      guard target >= 0, target <= 255, budget.spend(from: from - origin, to: target - origin) else {
        continue
      }
      x[index] = Lattice.value(target)
      moved += 1
    }
  }
}

/// What a ball still allows one row on the lattice, in levels.
struct LevelBudget {
  private let norm: Norm
  private let limit: Double
  private var spent: Double  // of l1 the sum, of l2 the sum of squares, of l0 the count

  init(_ objective: Objective, _ x: UnsafeBufferPointer<Float>, _ center: UnsafeBufferPointer<Float>) {
    norm = objective.norm
    limit =
      switch objective {
      case .minimize: .infinity
      case .under: 0  // what a transformation made is not mended pixel by pixel
      case .within(let ball):
        switch ball.norm {
        case .l0: Double(ball.radius)
        case .linf: Double(Lattice.strictLevels(radius: ball.radius))
        case .l1: Double(ball.radius) * 255 + Lattice.snap
        case .l2: (Double(ball.radius) * 255 + Lattice.snap) * (Double(ball.radius) * 255 + Lattice.snap)
        }
      }
    spent = 0
    for index in x.indices { spent += cost(Lattice.level(x[index]) - Lattice.level(center[index])) }
  }

  /// Takes the change of one coordinate's perturbation, in levels; false where the ball has no room for it.
  mutating func spend(from old: Int, to new: Int) -> Bool {
    if norm == .linf { return Double(new.magnitude) <= limit || new.magnitude < old.magnitude }
    let next = spent - cost(old) + cost(new)
    guard next <= limit || next < spent else { return false }
    spent = next
    return true
  }

  private func cost(_ levels: Int) -> Double {
    switch norm {
    case .l0: levels == 0 ? 0 : 1
    case .l1: Double(levels.magnitude)
    case .l2: Double(levels * levels)
    case .linf: 0
    }
  }
}
