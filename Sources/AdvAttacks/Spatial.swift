import AdvTensor
import AdvThreat

/// Spatial attack — Engstrom et al. 2017, arXiv:1712.02779: rotations and translations.
///
/// Looks at every point of a grid of angles and shifts, or at random ones (worst of k), and keeps the one with
/// the largest margin. The grid holds the image itself, so accuracy can only fall.
public struct Spatial: Attack {
  /// The largest angle to either side.
  public var degrees: Float = 30
  /// The largest shift along each axis, in pixels.
  public var pixels: Float = 3
  /// Points of the grid along each of the three axes.
  public var points = 5
  /// Random motions instead of the grid; 0 for the grid.
  public var draws = 0

  /// A grid of 5 × 5 × 5.
  public init() {}

  /// A motion.
  public var threat: Threat? { .motion(degrees: degrees, pixels: pixels) }

  /// Tries motions, image by image, the smallest first.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    let grid = grid()
    return try QuerySearch.run(problem, loss: .margin, on: oracle) { (search) throws(ThreatError) in
      let motions = draws > 0 ? random(search.stream()) : grid
      search.transformations = motions.map { .motion($0) }
      let (original, size, box) = (search.original, search.size, problem.box)
      guard
        try search.losses(
          of: motions.count, on: oracle,
          { Transformation.motion(motions[$0]).applied(to: original, size, in: box) }) != nil
      else { return }
      search.countStep()
    }
  }

  /// The grid but for the image itself, which was asked about before, from small motions to large ones.
  private func grid() -> [Transformation.Motion] {
    let places = (0..<points).map { points == 1 ? 0 : 2 * Float($0) / Float(points - 1) - 1 }
    var motions: [Transformation.Motion] = []
    for angle in places {
      for down in places {
        for right in places where (angle, down, right) != (0, 0, 0) {
          motions.append(.init(degrees: degrees * angle, down: pixels * down, right: pixels * right))
        }
      }
    }
    func size(_ motion: Transformation.Motion) -> Float {
      motion.degrees.magnitude / Swift.max(degrees, 1e-6)
        + (motion.down.magnitude + motion.right.magnitude) / Swift.max(pixels, 1e-6)
    }
    let order = motions.indices.sorted {
      let (a, b) = (size(motions[$0]), size(motions[$1]))
      return a != b ? a < b : $0 < $1
    }
    return order.map { motions[$0] }
  }

  private func random(_ stream: RandomStream) -> [Transformation.Motion] {
    var stream = stream
    return (0..<draws).map { _ in
      .init(
        degrees: stream.uniform(-degrees, degrees), down: stream.uniform(-pixels, pixels),
        right: stream.uniform(-pixels, pixels))
    }
  }
}

extension Spatial {
  /// Rotations and translations.
  public static let card = AttackCard(
    "spatial", "Rotation and translation", paper: "arXiv:1712.02779",
    rule: "x' = rotate and shift(x), of a grid or of random draws the one with the largest margin",
    norms: [.l2], kind: .threat, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<Spatial>] = [
    .float("degrees", \.degrees, in: 0...180, "Largest angle to either side."),
    .float("pixels", \.pixels, in: 0...1_000, "Largest shift along each axis, in pixels."),
    .int("points", \.points, in: 1...100, "Points of the grid along each axis."),
    .int("draws", \.draws, in: 0...1_000_000, "Random motions instead of the grid; 0 for the grid."),
  ]
}
