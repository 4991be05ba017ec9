import AdvTensor
import AdvThreat

/// Random noise inside the ball: the baseline that every other attack has to beat.
///
/// x ← Π(x + ε n / ‖n‖), n uniform, normal, or salt and pepper (random pixels at the box's bounds), drawn anew
/// until one breaks the image.
public struct Noise: Attack {
  /// What is added.
  public enum Distribution: String, CaseIterable, Sendable {
    /// Every element uniform in ±1.
    case uniform
    /// Every element normal.
    case gaussian
    /// A tenth of the pixels white or black, in all their channels.
    case saltAndPepper = "salt-and-pepper"
  }

  /// What is added.
  public var distribution = Distribution.uniform
  /// Draws per image.
  public var draws = 100

  /// A hundred draws of uniform noise.
  public init() {}

  /// Draws noise, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any LabelOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    return try QuerySearch.run(problem, on: oracle) { (search) throws(ThreatError) in
      for draw in 0..<draws {
        var stream = search.stream(draw)
        let noise = noise(search, &stream)
        let length = search.distance(noise, ball.norm)
        // Salt and pepper, and a count of elements, have a length of their own; the projection cuts it.
        let isScaled = distribution != .saltAndPepper && ball.norm != .l0 && length > 0
        let scale = isScaled ? Double(ball.radius) / length : 1
        let point = search.original.indices.map { index in
          let origin = Double(search.original[index])
          return Float(origin + scale * (Double(noise[index]) - origin))
        }
        search.countStep()
        guard try search.isMet(search.projected(point), on: oracle) != nil else { return }
      }
    }
  }

  /// The image with noise of some length.
  private func noise(_ search: QuerySearch, _ stream: inout RandomStream) -> [Float] {
    var image = search.original
    let (size, box) = (search.size, search.problem.box)
    switch distribution {
    case .uniform: for index in image.indices { image[index] += stream.uniform(-1, 1) }
    case .gaussian: for index in image.indices { image[index] += stream.normal() }
    case .saltAndPepper:
      for pixel in 0..<size.pixelCount where stream.uniform() < 0.1 {
        let value = stream.sign() > 0 ? box.upper : box.lower
        for channel in 0..<size.channels { image[channel * size.pixelCount + pixel] = value }
      }
    }
    return image
  }
}

extension Noise {
  /// Additive noise.
  public static let card = AttackCard(
    "noise", "Random noise", paper: "a baseline",
    rule: "x <- project(x + eps n / |n|), n uniform, normal, or salt and pepper",
    norms: [.linf, .l2, .l1, .l0], kind: .budget, access: .labels)

  /// The table of parameters.
  public static let parameters: [Parameter<Noise>] = [
    .choice("distribution", \.distribution, "What is added."),
    .int("draws", \.draws, in: 1...10_000_000, "Draws per image."),
  ]
}
