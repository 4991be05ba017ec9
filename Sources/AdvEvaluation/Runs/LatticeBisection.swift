import AdvTensor
import AdvThreat

/// The smallest radius at which an attack with a fixed budget breaks an image, as a file holds it.
///
/// The radius doubles until the rounded and repaired candidate breaks the model, then it is bisected: for L∞ and
/// L0 down to whole levels or elements, so that the next smaller one was tried and held; for L1 and L2 until the
/// two are within one percent, or within one level of one element. An attack may fail at a radius and succeed
/// at a smaller one: then this is a radius where it turns, not the least of all.
struct LatticeBisection {
  let attack: ConfiguredAttack
  let repairs: Bool

  /// What is left between the radii that held and those that broke, in levels (L0: elements).
  struct Interval {
    let isWhole: Bool
    let limit: Double
    private(set) var lower = 0.0
    private(set) var upper = Double.infinity

    init(_ norm: Norm, elements: Int) {
      isWhole = norm == .linf || norm == .l0
      limit =
        switch norm {
        case .linf: 255
        case .l0: Double(elements)
        case .l1: 255 * Double(elements)
        case .l2: 255 * Double(elements).squareRoot()
        }
    }

    private static let tolerance = 1.01

    /// The radius to try next; nil where nothing is left to find.
    var next: Double? {
      if upper.isInfinite { return lower < limit ? min(limit, max(1, 2 * lower)) : nil }
      if isWhole { return upper - lower > 1 ? ((lower + upper) / 2).rounded(.down) : nil }
      guard upper > 1, upper > lower * Self.tolerance else { return nil }
      return max(1, lower > 0 ? (lower * upper).squareRoot() : upper / 2)
    }

    /// Takes in that a radius held, or that it broke at a distance.
    mutating func take(_ radius: Double, brokenAt distance: Double?) {
      if let distance { upper = min(upper, min(radius, distance)) } else { lower = max(lower, radius) }
    }
  }

  private struct State {
    var intervals: [Interval]
    var isOpen: [Bool]
    var images: Tensor
    var records: [ImageRecord]
    var notes: [String] = []
  }

  /// Candidates on the lattice; where no radius broke an image, the original.
  func result(
    of problem: AttackProblem, cleanLogits: Tensor, on oracle: any GradientOracle
  ) throws -> AttackResult {
    let start = Interval(problem.objective.norm, elements: problem.images.rowStride)
    var state = State(
      intervals: Array(repeating: start, count: problem.count),
      isOpen: Array(repeating: true, count: problem.count),
      images: problem.images, records: Array(repeating: ImageRecord(), count: problem.count))
    while true {
      close(&state, problem)
      let open = state.isOpen.indices.filter { state.isOpen[$0] }
      guard !open.isEmpty else { break }
      let groups = Dictionary(grouping: open) { state.intervals[$0].next ?? 0 }
      for (radius, rows) in groups.sorted(by: { $0.key < $1.key }) {
        try look(&state, at: radius, rows, problem, cleanLogits, on: oracle)
      }
    }
    return AttackResult(images: state.images, records: state.records, notes: state.notes)
  }

  /// Passes that a look keeps back for its verdicts: in float, rounded and mended.
  private static let verdictPasses = 3

  /// Takes out images whose interval, passes or time is used up.
  private func close(_ state: inout State, _ problem: AttackProblem) {
    let isOver = problem.limits.isOver?() ?? false
    let passes = problem.limits.left(after: state.records)
    for image in state.isOpen.indices where state.isOpen[image] {
      if state.intervals[image].next == nil || state.records[image].failure != nil {
        state.isOpen[image] = false
      } else if isOver || passes?[image] ?? .max <= Self.verdictPasses {
        (state.isOpen[image], state.records[image].isCutShort) = (false, true)
      }
    }
  }

  private func look(
    _ state: inout State, at radius: Double, _ rows: [Int], _ problem: AttackProblem, _ cleanLogits: Tensor,
    on oracle: any GradientOracle
  ) throws {
    let norm = problem.objective.norm
    let unit = norm == .l0 ? 1.0 : 255.0
    var limits = problem.limits
    limits.passes = limits.left(after: state.records).map { passes in
      rows.map { passes[$0] - Self.verdictPasses }
    }
    let part = problem.rows(rows).with(limits: limits)
      .with(objective: .within(Ball(norm, radius: Float(radius / unit))))
    let attacked = try attack.run(part, on: oracle)
    let verdicts = FileVerdicts(rounding: .strict, repairs: repairs) { images, _ in images }
    let judged = try verdicts.judge(
      attacked, Verifier(part, cleanLogits: cleanLogits.rows(rows)), on: oracle)
    for (row, image) in rows.enumerated() {
      var record = judged.records[row]
      record.forwardPasses += judged.verdicts[row]
      record.isCutShort = false  // `close` says so where it ends the search
      state.records[image].add(record)
      let isBroken = judged.inFile[row].outcome == .broken
      let distance = judged.inFile[row].distances[norm] * unit
      let measured = state.intervals[image].isWhole ? distance.rounded() : distance
      if isBroken, measured < state.intervals[image].upper {
        state.images.setRow(image, to: judged.images, row: row)
      }
      state.intervals[image].take(radius, brokenAt: isBroken ? measured : nil)
    }
    state.notes += attacked.notes.filter { !state.notes.contains($0) }
  }
}
