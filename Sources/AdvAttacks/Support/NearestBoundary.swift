import AdvTensor
import AdvThreat

/// The nearest linearised boundary of every active image: the points x + δ with ⟨w, δ⟩ = gap.
struct NearestBoundary {
  /// The normals w `[n, C, H, W]`.
  private(set) var normals: Tensor
  /// What ⟨w, δ⟩ is on the boundary: positive on the image's side, negative beyond.
  private(set) var gaps: [Double]

  /// Linearises the boundaries of an untargeted problem against rivals, of a targeted one against the
  /// strongest other class, at the point of the search's last `linearize`.
  ///
  /// A model that refuses images stands behind the label or behind its refusal, whichever logit is larger.
  ///
  /// - Parameter rivals: of an untargeted problem, the classes to look at for each active image.
  init(
    _ search: inout Search, rivals: [[Int]], _ settled: inout [Bool], norm: Norm,
    on oracle: any GradientOracle
  ) throws(ThreatError) {
    let rows = search.active.count
    let logits = search.here.logits
    normals = Tensor(search.originals.shape)
    gaps = Array(repeating: 0, count: rows)
    var nearest = Array(repeating: Double.infinity, count: rows)
    for rank in 0..<(rivals.map(\.count).max() ?? 0) {
      let pairs = (0..<rows).map { row -> (raised: Int, lowered: Int)? in
        rank < rivals[row].count
          ? (rivals[row][rank], search.problem.criterion.defender(image: search.active[row], logits.row(row)))
          : nil
      }
      try look(pairs, logits, &search, &settled, &nearest, norm, on: oracle)
    }
  }

  /// The pair of classes of a targeted criterion: the target and its strongest rival now.
  static func towardTargets(_ search: Search) -> [[Int]] {
    search.active.indices.map { row in
      let (z, target) = (
        search.here.logits.row(row).elements, search.problem.criterion.labels[search.active[row]]
      )
      let others = z.indices.filter { $0 != target }
      return [others.max { z[$0] != z[$1] ? z[$0] < z[$1] : $0 > $1 }!]
    }
  }

  private mutating func look(
    _ pairs: [(raised: Int, lowered: Int)?], _ logits: Tensor, _ search: inout Search,
    _ settled: inout [Bool],
    _ nearest: inout [Double], _ norm: Norm, on oracle: any GradientOracle
  ) throws(ThreatError) {
    let classes = logits.rowStride
    let sign: Float = search.problem.criterion.goal == .untargeted ? 1 : -1
    var cotangent = Tensor(logits.shape)
    for (row, pair) in pairs.enumerated() where !settled[row] {
      guard let pair else { continue }
      cotangent[row * classes + pair.raised] = sign
      cotangent[row * classes + pair.lowered] = -sign
    }
    try search.pullback(cotangent, &settled, on: oracle)
    let gradient = search.here.gradient
    let stride = gradient.rowStride
    for (row, pair) in pairs.enumerated() where !settled[row] {
      guard let pair else { continue }
      let lead = sign * (logits[row * classes + pair.raised] - logits[row * classes + pair.lowered])
      let gap = Double(search.problem.criterion.margin) - Double(lead)
      let distance = gradient.withElements {
        Boundary.distance(norm, normal: $0.baseAddress! + row * stride, stride, needed: gap.magnitude)
      }
      guard distance < nearest[row] else { continue }
      nearest[row] = distance
      gaps[row] = gap
      normals.setRow(row, to: gradient, row: row)
    }
  }
}
