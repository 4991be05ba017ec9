import AdvTensor
import AdvThreat

/// The moves of FAB, one row per active image.
enum FABStep {
  /// The least that an image that is not broken is short of the plane, in logits.
  private static let past = 1e-6

  /// x ← clip((x + η d₁)(1 − α) + (x₀ + η d₂) α).
  static func move(
    _ x: inout Tensor, _ search: Search, _ boundary: NearestBoundary, bias: Float, overshoot: Float
  ) {
    let (norm, box, stride) = (search.problem.objective.norm, search.problem.box, x.rowStride)
    var own = [Float](repeating: 0, count: stride)
    var image = own
    let zeros = own
    Rows.forEachIndexed(&x, boundary.normals) { row, point, normal, count in
      search.originals.withElements { centers in
        let center = centers.baseAddress! + row * stride
        let slope = (0..<count).reduce(0.0) {
          $0 + Double(normal[$1]) * (Double(point[$1]) - Double(center[$1]))
        }
        // The image lies ⟨w, x − x₀⟩ further from the plane than the iterate.
        // On a tie, where both steps would be 0 for ever, the plane counts as a little ahead.
        let gap = search.isMet[row] ? boundary.gaps[row] : Swift.max(boundary.gaps[row], Self.past)
        own.withUnsafeMutableBufferPointer {
          Boundary.onto(norm, from: point, normal: normal, count, gap: gap, in: box, into: $0.baseAddress!)
        }
        image.withUnsafeMutableBufferPointer {
          Boundary.onto(
            norm, from: center, normal: normal, count, gap: gap + slope, in: box, into: $0.baseAddress!)
        }
        let (a1, a2) = (length(own, zeros, norm), length(image, zeros, norm))
        let weight = a1 + a2 > 0 ? Swift.min(Float(a1 / (a1 + a2)), bias) : 0
        for index in 0..<count {
          let mixed =
            (point[index] + overshoot * own[index]) * (1 - weight)
            + (center[index] + overshoot * image[index]) * weight
          point[index] = box.clamp(mixed)
        }
      }
    }
  }

  /// x ← x₀ + β (x − x₀) for the images that are across.
  static func retreat(_ x: inout Tensor, _ search: Search, by share: Float) {
    Rows.forEachIndexed(&x, search.originals) { row, point, center, count in
      guard search.isMet[row] else { return }
      for index in 0..<count {
        point[index] = search.problem.box.clamp(center[index] + share * (point[index] - center[index]))
      }
    }
  }

  /// A random point at most half as far as the best success, or as the ball's radius.
  static func start(_ search: Search, draw: Int) -> Tensor {
    let norm = search.problem.objective.norm
    let zeros = [Float](repeating: 0, count: search.originals.rowStride)
    var x = search.originals
    Rows.forEachIndexed(&x, search.originals) { row, point, _, count in
      var stream = search.stream(row: row, restart: draw)
      let noise = (0..<count).map { _ in norm == .linf ? stream.uniform(-1, 1) : stream.normal() }
      let reach = 0.5 * Swift.min(search.reach(row: row), 1e6) / Swift.max(length(noise, zeros, norm), 1e-12)
      for index in 0..<count {
        point[index] = search.problem.box.clamp(point[index] + Float(reach * Double(noise[index])))
      }
    }
    return x
  }

  private static func length(_ values: [Float], _ zeros: [Float], _ norm: Norm) -> Double {
    values.withUnsafeBufferPointer { a in zeros.withUnsafeBufferPointer { norm.distance(a, $0) } }
  }
}
