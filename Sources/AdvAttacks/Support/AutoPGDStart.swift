import AdvTensor
import AdvThreat

/// How Auto-PGD begins in each norm.
enum AutoPGDStart {
  /// One start and the run from it.
  static func run(
    _ search: inout Search, _ method: AutoPGD, draw: Int, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let x = start(search, method.ball, draw: draw)
    if method.ball.norm == .l1 {
      try runSparse(&search, method, from: x, on: oracle)
    } else {
      _ = try method.run(&search, from: x, isContinued: false, on: oracle)
    }
  }

  /// L1: 30 % of the steps in the ball of 3ε, 30 % in 2ε, the rest in ε, each from the best point so far.
  private static func runSparse(
    _ search: inout Search, _ method: AutoPGD, from start: Tensor, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let wide = (30 * method.steps + 99) / 100
    var x = start
    for (multiple, share) in [(3, wide), (2, wide), (1, method.steps - 2 * wide)] as [(Float, Int)]
    where share > 0 && !search.isFinished {
      let stage = AutoPGD(
        steps: share, ball: Ball(.l1, radius: multiple * method.ball.radius), rho: method.rho,
        samples: method.samples, variant: method.variant)
      stage.ball.project(&x, around: search.originals, in: search.problem.box)
      x = try stage.run(&search, from: x, isContinued: true, on: oracle)
    }
  }

  /// L∞: uniform, scaled to touch the ball's surface; L2: on the sphere; L1: a normal draw, projected.
  private static func start(_ search: Search, _ ball: Ball, draw: Int) -> Tensor {
    var x = search.originals
    Rows.forEachIndexed(&x, search.originals) { row, point, _, count in
      var stream = search.stream(row: row, restart: draw)
      let noise = (0..<count).map { _ in ball.norm == .linf ? stream.uniform(-1, 1) : stream.normal() }
      let length = noise.withUnsafeBufferPointer { values -> Double in
        switch ball.norm {
        case .linf: Double(Rows.linf(values.baseAddress!, count))
        case .l2: Rows.l2(values.baseAddress!, count)
        case .l1, .l0: Double(ball.radius)
        }
      }
      let scale = Double(ball.radius) / (length + 1e-12)
      for index in 0..<count {
        let moved = Double(point[index]) + scale * Double(noise[index])
        point[index] = ball.norm == .l1 ? Float(moved) : search.problem.box.clamp(Float(moved))
      }
    }
    if ball.norm == .l1 { ball.project(&x, around: search.originals, in: search.problem.box) }
    return x
  }
}
