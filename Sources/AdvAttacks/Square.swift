import AdvTensor
import AdvThreat

/// Square attack — Andriushchenko et al. 2019, arXiv:1912.00049, for L∞.
///
/// From vertical stripes of ±ε, propose to add ±2ε per channel in a square window, cut to ball and box, and keep the
/// proposal if the margin grows. The window covers a share p of the image that shrinks with the queries.
/// Windows are drawn for each image by itself.
public struct Square: Attack {
  /// Where a window may lie.
  public enum Reach: String, CaseIterable, Sendable {
    /// Anywhere in the image.
    case whole
    /// Never on the last row and column, as in the authors' program.
    case reference
  }

  /// Queries per image.
  public var queries = 5_000
  /// The first share of the image that a window covers.
  public var share: Float = 0.8  // p
  /// Where a window may lie.
  public var reach = Reach.whole
  /// Whether the schedule of shares, made for 10,000 queries, is rescaled to `queries`.
  public var isRescaled = false

  /// The published constants.
  public init() {}

  /// Proposes windows; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    let ball = try problem.requireBall(for: Self.card.id)
    var search = try Search(problem, loss: .margin, on: oracle)
    var x = search.originals
    try search.judge(&x, as: .origin, on: oracle)
    guard !search.isFinished else { return search.result }
    var streams = search.active.indices.map { search.stream(row: $0, restart: 0) }
    let size = ImageSize(problem.images.shape.droppingFirst())
    stripe(&x, ball.radius, size, &streams, problem.box)
    var best = x
    var leads = streams.map { _ in -Float.infinity }
    for query in 1..<Swift.max(queries, 2) {
      if let kept = try search.judge(&x, on: oracle) {
        (best, leads, streams) = (best.rows(kept), kept.map { leads[$0] }, kept.map { streams[$0] })
      }
      if search.isFinished { break }
      search.countStep()
      for row in leads.indices where search.here.losses[row] > leads[row] {
        leads[row] = search.here.losses[row]
        best.setRow(row, to: x, row: row)
      }
      propose(&x, from: best, search, ball.radius, size, &streams, side: side(size, query: query))
    }
    return search.result
  }

  /// The side of the window of a query, counted from 1.
  func side(_ size: ImageSize, query: Int) -> Int {
    let time = isRescaled ? query * 10_000 / queries : query
    let halvings = [10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000].prefix { time > $0 }.count
    let covered = Double(share) / Double(1 << halvings) * Double(size.height * size.width)
    return Swift.max(Int(covered.squareRoot().rounded()), 1)
  }

  private func stripe(
    _ x: inout Tensor, _ radius: Float, _ size: ImageSize, _ streams: inout [RandomStream], _ box: Box
  ) {
    for row in streams.indices {
      for line in 0..<size.channels * size.width {
        let (channel, column) = (line / size.width, line % size.width)
        let move = radius * streams[row].sign()
        for index in size.column(column, of: channel) {
          let at = row * size.count + index
          x[at] = box.clamp(x[at] + move)
        }
      }
    }
  }

  private func propose(
    _ x: inout Tensor, from best: Tensor, _ search: Search, _ radius: Float, _ size: ImageSize,
    _ streams: inout [RandomStream], side: Int
  ) {
    let box = search.problem.box
    let (height, width) = (Swift.min(side, size.height), Swift.min(side, size.width))
    let spare = reach == .whole ? 1 : 0
    x = best
    for row in streams.indices {
      let top = streams[row].integer(below: Swift.max(size.height - height + spare, 1))
      let left = streams[row].integer(below: Swift.max(size.width - width + spare, 1))
      for channel in 0..<size.channels {
        let move = 2 * radius * streams[row].sign()
        for index in size.window(top..<top + height, left..<left + width, of: channel) {
          let at = row * size.count + index
          let center = search.originals[at]
          x[at] = box.clamp(Swift.min(Swift.max(x[at] + move, center - radius), center + radius))
        }
      }
    }
  }
}

extension Square {
  /// The square attack.
  public static let card = AttackCard(
    "square", "Square attack", paper: "arXiv:1912.00049",
    rule: "add +-2 eps per channel in a random square, cut to the ball; keep it if the margin grows",
    norms: [.linf], kind: .budget, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<Square>] = [
    .int("queries", \.queries, in: 1...10_000_000, "Queries per image."),
    .float("share", \.share, in: 0...1, "First share of the image that a window covers."),
    .choice("reach", \.reach, "Windows anywhere, or never on the last row and column."),
    .bool("rescaled", \.isRescaled, "Fit the schedule, made for 10,000 queries, to the queries."),
  ]
}
