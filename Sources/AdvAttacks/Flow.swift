import AdvTensor
import AdvThreat

/// Spatially transformed adversarial examples — Xiao et al. 2018, arXiv:1801.02612.
///
/// Every pixel takes its value from a place nearby, x'(p) = x(p + f(p)), between pixels bilinearly. Adam
/// ascends margin − τ · Σ √(‖f(p) − f(q)‖²) over neighbours p, q: a smooth flow looks natural. Unlike in the
/// paper the flow has a largest length, and Adam replaces L-BFGS.
public struct Flow: Attack {
  /// Steps of Adam.
  public var steps = 100
  /// The longest way of a pixel's value, in pixels.
  public var pixels: Float = 2
  /// The weight of smoothness.
  public var smoothness: Float = 0.05  // τ
  /// Adam's rate, in pixels.
  public var rate: Float = 0.05

  /// The paper's smoothness, at most two pixels.
  public init() {}

  /// A flow.
  public var threat: Threat? { .flow(pixels: pixels) }

  /// One image's flow and its moments.
  private struct State {
    var field: Transformation.FlowField
    var down: Adam
    var right: Adam
  }

  /// Ascends; images that are broken leave the batch.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var search = try Search(problem, loss: .margin, on: oracle)
    let size = ImageSize(problem.images.shape.droppingFirst())
    let still = [Float](repeating: 0, count: size.pixelCount)
    let adam = Adam(count: size.pixelCount, rate: Double(rate))
    let begin = State(field: .init(down: still, right: still), down: adam, right: adam)
    var states = Array(repeating: begin, count: problem.count)
    var x = search.originals
    for step in 0..<steps where !search.isFinished {
      search.transformations = states.map { .flow($0.field) }
      if let kept = try search.evaluate(&x, as: step == 0 ? .origin : .candidate, on: oracle) {
        states = kept.map { states[$0] }
      }
      for row in states.indices {
        let image = search.originals.row(row).elements
        ascend(&states[row], search.here.gradient.row(row).elements, image, size)
        let moved = Transformation.flow(states[row].field).applied(to: image, size, in: problem.box)
        x.setRow(row, to: Tensor([1, moved.count], moved), row: 0)
      }
    }
    search.transformations = states.map { .flow($0.field) }
    try search.judge(&x, on: oracle)
    return search.result
  }

  /// One step of Adam along the slopes of margin and smoothness, then cut to the longest way.
  private func ascend(_ state: inout State, _ slope: [Float], _ image: [Float], _ size: ImageSize) {
    let before = state.field
    for pixel in 0..<size.pixelCount {
      let (row, column) = (pixel / size.width, pixel % size.width)
      let taps = BilinearTaps(
        row: Float(row) + before.down[pixel], column: Float(column) + before.right[pixel], size, beyond: .edge
      )
      var (down, right) = roughness(before, row, column, size)
      for channel in 0..<size.channels {
        let start = channel * size.pixelCount
        let v = (0..<4).map { Double(image[start + taps.places[$0]]) }
        let (s, t) = (Double(taps.fraction.down), Double(taps.fraction.right))
        // value = (1−s)((1−t) v₀ + t v₁) + s ((1−t) v₂ + t v₃)
        down += Double(slope[start + pixel]) * ((1 - t) * (v[2] - v[0]) + t * (v[3] - v[1]))
        right += Double(slope[start + pixel]) * ((1 - s) * (v[1] - v[0]) + s * (v[3] - v[2]))
      }
      state.field.down[pixel] += Float(state.down.move(pixel, along: down))
      state.field.right[pixel] += Float(state.right.move(pixel, along: right))
      let (y, x) = (state.field.down[pixel], state.field.right[pixel])
      let length = (y * y + x * x).squareRoot()
      guard length > pixels else { continue }
      state.field.down[pixel] = y * (pixels / length)
      state.field.right[pixel] = x * (pixels / length)
    }
  }

  /// −τ times the slope of Σ ‖f(p) − f(q)‖ over the neighbours of a pixel.
  private func roughness(
    _ field: Transformation.FlowField, _ row: Int, _ column: Int, _ size: ImageSize
  ) -> (down: Double, right: Double) {
    var slope = (down: 0.0, right: 0.0)
    let here = row * size.width + column
    for (r, c) in [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    where r >= 0 && r < size.height && c >= 0 && c < size.width {
      let there = r * size.width + c
      let (y, x) = (
        Double(field.down[here] - field.down[there]), Double(field.right[here] - field.right[there])
      )
      let length = (y * y + x * x + 1e-8).squareRoot()  // smooth where neighbours agree
      slope.down -= Double(smoothness) * y / length
      slope.right -= Double(smoothness) * x / length
    }
    return slope
  }
}

extension Flow {
  /// Spatially transformed adversarial examples.
  public static let card = AttackCard(
    "flow", "Spatially transformed examples (stAdv)", paper: "arXiv:1801.02612",
    rule: "x'(p) = x(p + f(p));  f <- f + Adam(grad of margin - tau sum |f(p) - f(q)|)",
    norms: [.l2], kind: .threat, access: .gradients)

  /// The table of parameters.
  public static let parameters: [Parameter<Flow>] = [
    .int("steps", \.steps, in: 1...100_000, "Steps of Adam."),
    .float("pixels", \.pixels, in: 0...1_000, "Longest way of a pixel's value, in pixels."),
    .float("smoothness", \.smoothness, in: 0...1_000, "Weight of smoothness."),
    .float("rate", \.rate, in: 1e-6...100, "Adam's rate, in pixels."),
  ]
}
