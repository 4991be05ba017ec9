import AdvTensor

/// The perturbations of norm at most `radius`, in pixels of the box 0…1.
public struct Ball: Hashable, Sendable {
  /// How a perturbation is measured.
  public let norm: Norm
  /// The largest norm allowed; for `l0` a number of elements.
  public let radius: Float

  /// A ball; the radius must be finite and not negative (`Epsilon` parses and checks what users write).
  public init(_ norm: Norm, radius: Float) {
    precondition(radius >= 0 && radius.isFinite, "radius \(radius)")
    self.norm = norm
    self.radius = radius
  }

  /// Whether `candidate − original` is in the ball: the norm in Double, with `Tolerance.verdict`.
  public func contains(
    _ candidate: UnsafeBufferPointer<Float>, around original: UnsafeBufferPointer<Float>
  ) -> Bool {
    let slack = Tolerance.verdict.slack(of: self, candidate, original)
    return norm.distance(candidate, original) <= Double(radius) + slack
  }

  /// x ← the point of ball ∩ box nearest to x in the Euclidean sense; exact for every norm.
  ///
  /// - Parameters:
  ///   - x: `[n, …]`, any finite values.
  ///   - originals: `[n, …]`, the centres, inside the box.
  /// Complexity: O(elements) for L∞ and L2, O(elements · small) for L1, O(elements · log) for L0.
  public func project(_ x: inout Tensor, around originals: Tensor, in box: Box) {
    forEachRow(&x, originals, originals) { point, center, _, count in
      projectRow(point, center, count, box)
    }
  }

  /// x ← Π(x + step · steepest(gradient)), Π the exact projection onto ball ∩ box.
  ///
  /// Steepest is sign for L∞ (0 at 0), gradient/‖gradient‖₂ for L2 (0 at 0) and, for L1, the linear
  /// maximiser of the L1 ball of radius `step` around x inside the box: the largest coordinates with room.
  /// - Parameters:
  ///   - x, gradient, originals: `[n, …]` of one shape.
  ///   - step: the step's length in the ball's own norm.
  public func ascend(
    _ x: inout Tensor, along gradient: Tensor, step: Float, around originals: Tensor, in box: Box
  ) {
    forEachRow(&x, originals, gradient) { point, center, slope, count in
      ascendRow(point, center, slope, count, step: step, box)
    }
  }

  /// The point of ball ∩ box around each original that maximises ⟨gradient, ·⟩; exact for every norm.
  ///
  /// Where the gradient is 0 the original stays. For L∞ the result is clip(x + radius · sign gradient) in
  /// Float arithmetic, bit for bit.
  public func maximiseLinear(_ gradient: Tensor, around originals: Tensor, in box: Box) -> Tensor {
    var x = originals
    forEachRow(&x, originals, gradient) { point, center, slope, count in
      maximiseRow(point, center, slope, count, box)
    }
    return x
  }
}

extension Ball {
  typealias Row = UnsafePointer<Float>
  typealias MutableRow = UnsafeMutablePointer<Float>

  func projectRow(_ x: MutableRow, _ center: Row, _ count: Int, _ box: Box) {
    switch norm {
    case .linf: LInfinity.project(x, center, count, radius, box)
    case .l2: L2.project(x, center, count, radius, box)
    case .l1: L1.project(x, center, count, radius, box)
    case .l0: L0.project(x, center, count, radius, box)
    }
  }

  func ascendRow(_ x: MutableRow, _ center: Row, _ slope: Row, _ count: Int, step: Float, _ box: Box) {
    switch norm {
    case .linf: LInfinity.ascend(x, center, slope, count, radius, step, box)
    case .l2: L2.ascend(x, center, slope, count, radius, step, box)
    case .l1: L1.ascend(x, center, slope, count, radius, step, box)
    case .l0: L0.ascend(x, center, slope, count, radius, step, box)
    }
  }

  func maximiseRow(_ x: MutableRow, _ center: Row, _ slope: Row, _ count: Int, _ box: Box) {
    switch norm {
    case .linf: LInfinity.maximise(x, center, slope, count, radius, box)
    case .l2: L2.maximise(x, center, slope, count, radius, box)
    case .l1: L1.maximise(x, center, slope, count, radius, box)
    case .l0: L0.maximise(x, center, slope, count, radius, box)
    }
  }

  private func forEachRow(
    _ x: inout Tensor, _ originals: Tensor, _ gradient: Tensor, _ body: (MutableRow, Row, Row, Int) -> Void
  ) {
    precondition(
      x.shape == originals.shape && x.shape == gradient.shape,
      "rows of \(x.shape), \(originals.shape) and \(gradient.shape)")
    let (rows, stride) = (x.rowCount, x.rowStride)
    guard rows > 0, stride > 0 else { return }
    x.withMutableElements { points in
      originals.withElements { centers in
        gradient.withElements { slopes in
          for offset in Swift.stride(from: 0, to: rows * stride, by: stride) {
            body(
              points.baseAddress! + offset, centers.baseAddress! + offset, slopes.baseAddress! + offset,
              stride)
          }
        }
      }
    }
  }
}

extension Ball {
  /// The images `[n, …]`, each moved by a uniform draw from the ball and cut to the box; row i draws from the i-th
  /// stream.
  public func randomPoints(around images: Tensor, _ streams: [RandomStream], in box: Box) -> Tensor {
    precondition(streams.count == images.rowCount, "\(streams.count) streams for \(images.rowCount) images")
    var (points, streams) = (images, streams)
    let stride = images.rowStride
    points.withMutableElements { values in
      for row in streams.indices where stride > 0 {
        drawUniformly(values.baseAddress! + row * stride, stride, &streams[row], box)
      }
    }
    return points
  }

  /// Adds to the original in x a uniform draw from the ball, then cuts it to the box.
  func drawUniformly(_ x: MutableRow, _ count: Int, _ stream: inout RandomStream, _ box: Box) {
    switch norm {
    case .linf: LInfinity.draw(x, count, radius, &stream, box)
    case .l2: L2.draw(x, count, radius, &stream, box)
    case .l1: L1.draw(x, count, radius, &stream, box)
    case .l0: L0.draw(x, count, radius, &stream, box)
    }
  }
}
