import AdvTensor
import AdvThreat

/// Universal adversarial perturbation — Moosavi-Dezfooli et al. 2016, arXiv:1610.08401.
///
/// One v for all images: wherever x + v still has its label, DeepFool's step from there is added and v is
/// projected onto the ball, until enough images are fooled. The last part of the images is held out; the notes
/// say how many of them v fools.
public struct Universal: Attack {
  /// Passes over the images at most.
  public var epochs = 10
  /// The share of fooled images that is enough.
  public var enough: Float = 0.8  // 1 − δ
  /// The share of the images that v is made from.
  public var training: Float = 0.5
  /// Steps of DeepFool.
  public var steps = 10

  /// The authors' constants.
  public init() {}

  /// Learns v and adds it to every image.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var shared = try SharedPerturbation(problem, share: training, on: oracle)
    var v = Tensor(problem.images.shape.droppingFirst().prepending(1))
    let stream = RandomStream(seed: problem.seed, 0x0A9)
    for epoch in 0..<epochs {
      var draws = stream.substream(UInt64(epoch))
      for image in shared.training.shuffled(using: &draws) where !problem.isTimeOver {
        try improve(&v, image, problem, ball, &shared, on: oracle)
      }
      let points = Self.points(problem.rows(shared.training), v)
      let fooled = try shared.areMet(shared.training, points, problem, on: oracle).count { $0 }
      if Float(fooled) >= enough * Float(shared.training.count) { break }
      guard problem.isTimeOver else { continue }
      for image in shared.records.indices { shared.records[image].isCutShort = true }
      break
    }
    let rows = shared.training + shared.heldOut
    let points = Self.points(problem.rows(rows), v)
    let isMet = try shared.areMet(rows, points, problem, on: oracle)
    var images = problem.images
    for (row, image) in rows.enumerated() { images.setRow(image, to: points, row: row) }
    return AttackResult(
      images: images, records: shared.records, notes: [shared.note("the universal perturbation", isMet)])
  }

  /// v ← Π(v + DeepFool's step from x + v), if there is one and it is needed.
  private func improve(
    _ v: inout Tensor, _ image: Int, _ problem: AttackProblem, _ ball: Ball,
    _ shared: inout SharedPerturbation, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let part = problem.rows([image])
    let point = Self.points(part, v)
    var deepFool = DeepFool()
    // Published as it ends, past the boundary: the next image moves v a little back again.
    (deepFool.steps, deepFool.bisections) = (steps, 0)
    let moved = try AttackProblem(
      images: point, criterion: part.criterion, objective: .minimize(ball.norm), ids: part.ids,
      seed: part.seed, box: part.box)
    let found = try deepFool.run(moved, on: oracle)
    var record = found.records[0]
    record.failure = nil  // an image that DeepFool cannot help with is judged at x + v all the same
    shared.records[image].add(record)
    guard !found.images.isIdentical(to: point) else { return }
    for index in 0..<v.count { v[index] += found.images[index] - point[index] }
    // No step of v may be longer than the box is wide.
    let free = Box(lower: -part.box.width, upper: part.box.width)
    ball.project(&v, around: Tensor(v.shape), in: free)
  }

  /// The images with v, cut to the box: that makes no difference longer.
  private static func points(_ problem: AttackProblem, _ v: Tensor) -> Tensor {
    var x = problem.images
    for index in 0..<x.count { x[index] = problem.box.clamp(x[index] + v[index % v.count]) }
    return x
  }
}

extension Universal {
  /// The universal perturbation.
  public static let card = AttackCard(
    "uap", "Universal adversarial perturbation", paper: "arXiv:1610.08401",
    rule: "v <- project(v + DeepFool(x + v) - x - v) wherever x + v keeps its label;  x' = x + v for all x",
    norms: [.linf, .l2], kind: .budget, access: .gradients, scope: .problem)

  /// The table of parameters.
  public static let parameters: [Parameter<Universal>] = [
    .int("epochs", \.epochs, in: 1...10_000, "Passes over the images at most."),
    .float("enough", \.enough, in: 0...1, "Share of fooled images that is enough."),
    .float("training", \.training, in: 0.01...1, "Share of the images that it is made from."),
    .int("steps", \.steps, in: 1...100_000, "Steps of DeepFool."),
  ]
}
