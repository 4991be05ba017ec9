import AdvTensor
import AdvThreat

/// Decoupled direction and norm — Rony et al. 2018, arXiv:1811.09600.
///
/// δ ← δ + α ∇ / ‖∇‖₂, then δ is rescaled to a norm ε that grows by 1 + γ while the image is not adversarial
/// and shrinks by 1 − γ while it is. α falls from 1 to 0.01 along a cosine. A zero gradient is replaced by a
/// normal draw.
public struct DDN: Attack {
  /// Gradient steps.
  public var steps = 100
  /// The norm of the first step over the box's width.
  public var initialNorm: Float = 1  // ε₀
  /// How fast the norm changes.
  public var growth: Float = 0.05  // γ
  /// Whether every iterate is rounded to 8 bits.
  public var isQuantised = false
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// The published constants.
  public init() {}

  private static let lastStep = 0.01  // α at the end; 1 at the start

  /// Follows the norm of every image; the smallest adversarial perturbation is kept.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: loss, on: oracle)
    var x = search.originals
    var norms = Array(repeating: initialNorm * problem.box.width, count: problem.count)
    for step in 0..<steps where !search.isFinished {
      if let kept = try search.evaluate(&x, as: step == 0 ? .origin : .candidate, on: oracle) {
        norms = kept.map { norms[$0] }
      }
      let widest = Self.widest(search)
      for row in norms.indices {
        norms[row] = Swift.min(norms[row] * (search.isMet[row] ? 1 - growth : 1 + growth), widest[row])
      }
      move(&x, search, norms, step: step)
    }
    try search.judge(&x, on: oracle)
    return search.result
  }

  /// The norm of the farthest point of the box from every active image.
  private static func widest(_ search: Search) -> [Float] {
    let (box, stride) = (search.problem.box, search.originals.rowStride)
    return search.originals.withElements { pixels in
      search.active.indices.map { row in
        let total = pixels[row * stride..<(row + 1) * stride].reduce(0.0) {
          let reach = Double(Swift.max($1 - box.lower, box.upper - $1))
          return $0 + reach * reach
        }
        return Float(total.squareRoot())
      }
    }
  }

  private func move(_ x: inout Tensor, _ search: Search, _ norms: [Float], step: Int) {
    let box = search.problem.box
    let length = Double(box.width) * Schedule.cosine(from: 1, to: Self.lastStep, at: step, of: steps)
    let gradient = search.here.gradient
    let originals = search.originals
    Rows.forEachIndexed(&x, originals) { row, point, center, count in
      let slope = direction(gradient, row, search, step)
      var total = 0.0
      for index in 0..<count {
        point[index] += Float(length * slope[index]) - center[index]
        total += Double(point[index]) * Double(point[index])
      }
      let scale = total > 0 ? Double(norms[row]) / total.squareRoot() : 0
      for index in 0..<count {
        let moved = box.clamp(Float(Double(center[index]) + scale * Double(point[index])))
        point[index] = isQuantised ? Lattice.value(Lattice.level(moved)) : moved
      }
    }
  }

  /// The gradient's direction, of a zero gradient a random one, with length 1.
  private func direction(_ gradient: Tensor, _ row: Int, _ search: Search, _ step: Int) -> [Double] {
    var values = gradient.row(row).elements.map(Double.init)
    if values.allSatisfy({ $0 == 0 }) {
      var stream = search.stream(row: row, restart: 0).substream(UInt64(step))
      values = values.map { _ in Double(stream.normal()) }
    }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { $0 / length } : values
  }
}

extension DDN {
  /// Decoupled direction and norm.
  public static let card = AttackCard(
    "ddn", "Decoupled direction and norm", paper: "arXiv:1811.09600",
    rule: "d <- d + alpha grad/|grad|;  eps <- (1 -+ gamma) eps;  x = x0 + eps d/|d|",
    norms: [.l2], kind: .minimal, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<DDN>] = [
    .int("steps", \.steps, in: 1...100_000, "Gradient steps."),
    .float("initial-norm", \.initialNorm, in: 0...1_000, "Norm of the first step over the box's width."),
    .float("growth", \.growth, in: 0...1, "How fast the norm grows and shrinks."),
    .bool("quantised", \.isQuantised, "Round every iterate to 8 bits."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
