import AdvTensor
import AdvThreat

/// Square attack — Andriushchenko et al. 2019, arXiv:1912.00049; for L1 Croce & Hein 2021, arXiv:2103.01208.
///
/// From vertical stripes of ±ε (L2, L1: a grid of bumps) propose a change of a square window and keep it if
/// the margin grows: L∞ adds ±2ε per channel, cut to ball and box; L2 and L1 move the norm of a second window
/// into a new bump. The window covers a share p of the image that shrinks with the queries. Windows are drawn for each
/// image by itself.
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
    let proposal = SquareProposal(ball: ball, box: problem.box, size: size, reach: reach)
    Rows.forEachIndexed(&x, search.originals) { row, point, center, _ in
      proposal.start(point, center, &streams[row])
    }
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
      let side = side(height: size.height, width: size.width, query: query)
      x = best
      Rows.forEachIndexed(&x, search.originals) { row, point, center, _ in
        proposal.propose(point, center, side: side, &streams[row])
      }
    }
    return search.result
  }

  /// The side of the window of a query, counted from 1.
  public func side(height: Int, width: Int, query: Int) -> Int {
    let time = isRescaled ? query * 10_000 / queries : query
    let halvings = [10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000].prefix { time > $0 }.count
    let covered = Double(share) / Double(1 << halvings) * Double(height * width)
    return Swift.max(Int(covered.squareRoot().rounded()), 1)
  }
}

extension Square {
  /// The square attack.
  public static let card = AttackCard(
    "square", "Square attack", paper: "arXiv:1912.00049",
    rule: "repaint a random square window inside the ball; keep it if the margin grows",
    norms: [.linf, .l2, .l1], kind: .budget, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<Square>] = [
    .int("queries", \.queries, in: 1...10_000_000, "Queries per image."),
    .float("share", \.share, in: 0...1, "First share of the image that a window covers."),
    .choice("reach", \.reach, "Windows anywhere, or never on the last row and column."),
    .bool("rescaled", \.isRescaled, "Fit the schedule, made for 10,000 queries, to the queries."),
  ]
}
