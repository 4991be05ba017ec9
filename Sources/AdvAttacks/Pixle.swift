import AdvTensor
import AdvThreat

/// Pixle — Pomponi, Scardapane & Uncini 2022, arXiv:2202.02236.
///
/// Copies a small random window of the original, pixel by pixel, to random places; of the proposals of a
/// restart the one with the lowest probability of the label is kept if it lowers it. No new colour appears.
public struct Pixle: Attack {
  /// Rounds, each of which keeps at most one proposal.
  public var restarts = 100
  /// Proposals of a round.
  public var proposals = 10
  /// The smallest side of a window, in pixels.
  public var smallest = 2
  /// The largest side of a window, in pixels.
  public var largest = 10

  /// A hundred rounds of ten proposals, a thousand queries.
  public init() {}

  /// Colours of the image itself.
  public var threat: Threat? { .rearrangement }

  /// Proposes copies, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, loss: .exactCrossEntropy, on: oracle) { (search) throws(ThreatError) in
      var stream = search.stream()
      var (x, loss) = (search.original, search.cleanLoss)
      for _ in 0..<restarts {
        let candidates = (0..<proposals).map { _ in copied(search.original, onto: x, search.size, &stream) }
        let reached = try search.losses(of: proposals, on: oracle) { candidates[$0] }
        guard let reached else { return }
        search.countStep()
        for index in reached.indices where reached[index] > loss {
          (x, loss) = (candidates[index], reached[index])
        }
      }
    }
  }

  private func copied(
    _ original: [Float], onto x: [Float], _ size: ImageSize, _ stream: inout RandomStream
  ) -> [Float] {
    func side(_ length: Int) -> Int {
      let low = Swift.min(smallest, length)
      return low + stream.integer(below: Swift.max(Swift.min(largest, length) - low, 0) + 1)
    }
    let (height, width) = (side(size.height), side(size.width))
    let window = ImageWindow(
      top: stream.integer(below: size.height - height + 1),
      left: stream.integer(below: size.width - width + 1), height: height, width: width)
    var places = Array(0..<size.height * size.width)
    var image = x
    for index in 0..<height * width {
      places.swapAt(index, index + stream.integer(below: places.count - index))
      for channel in 0..<size.channels {
        let source = size.offset(channel, window.top + index / width, window.left + index % width)
        image[channel * places.count + places[index]] = original[source]
      }
    }
    return image
  }
}

extension Pixle {
  /// Pixle.
  public static let card = AttackCard(
    "pixle", "Pixle: rearranged pixels", paper: "arXiv:2202.02236",
    rule: "copy a random window's pixels to random places; keep the best of a round if p(label) falls",
    norms: [.l0], kind: .threat, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<Pixle>] = [
    .int("restarts", \.restarts, in: 1...100_000, "Rounds, each of which keeps at most one proposal."),
    .int("proposals", \.proposals, in: 1...100_000, "Proposals of a round."),
    .int("smallest", \.smallest, in: 1...10_000, "Smallest side of a window, in pixels."),
    .int("largest", \.largest, in: 1...10_000, "Largest side of a window, in pixels."),
  ]
}
