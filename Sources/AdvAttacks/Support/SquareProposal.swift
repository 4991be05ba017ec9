import AdvTensor
import AdvThreat

/// The starts and the proposals of the square attack for one image, in each norm.
struct SquareProposal {
  let ball: Ball
  let box: Box
  let size: ImageSize
  let reach: Square.Reach

  typealias Point = UnsafeMutablePointer<Float>
  typealias Center = UnsafePointer<Float>

  /// The first candidate, in place of the image: vertical stripes of ±ε for L∞, a grid of 5 × 5 bumps else.
  func start(_ x: Point, _ center: Center, _ stream: inout RandomStream) {
    switch ball.norm {
    case .linf: stripes(x, &stream)
    case .l2, .l1, .l0: bumps(x, center, &stream)
    }
  }

  /// A candidate in place of the best point so far, by a window of a side.
  func propose(_ x: Point, _ center: Center, side: Int, _ stream: inout RandomStream) {
    switch ball.norm {
    case .linf: paint(x, center, window(side, &stream), &stream)
    case .l2, .l1, .l0:
      let odd = Swift.max(side, 3) | 1
      moveMass(x, center, to: window(odd, &stream), from: window(odd, &stream), &stream)
    }
  }

  /// A window of at most this side somewhere in the image.
  private func window(_ side: Int, _ stream: inout RandomStream) -> ImageWindow {
    let (height, width) = (Swift.min(side, size.height), Swift.min(side, size.width))
    let spare = reach == .whole ? 1 : 0
    return ImageWindow(
      top: stream.integer(below: Swift.max(size.height - height + spare, 1)),
      left: stream.integer(below: Swift.max(size.width - width + spare, 1)), height: height, width: width)
  }

  // MARK: L∞

  private func stripes(_ x: Point, _ stream: inout RandomStream) {
    for channel in 0..<size.channels {
      for column in 0..<size.width {
        let move = ball.radius * stream.sign()
        for row in 0..<size.height {
          let at = size.offset(channel, row, column)
          x[at] = box.clamp(x[at] + move)
        }
      }
    }
  }

  /// ± 2ε per channel, cut to the ball: every pixel of the window goes to one side or the other.
  private func paint(_ x: Point, _ center: Center, _ window: ImageWindow, _ stream: inout RandomStream) {
    for channel in 0..<size.channels {
      let move = 2 * ball.radius * stream.sign()
      window.forEach(in: size, channel) { at, _ in
        let (low, high) = (center[at] - ball.radius, center[at] + ball.radius)
        x[at] = box.clamp(Swift.min(Swift.max(x[at] + move, low), high))
      }
    }
  }

  // MARK: L2 and L1

  private func bumps(_ x: Point, _ center: Center, _ stream: inout RandomStream) {
    let side = Swift.max(size.height / 5, 1)
    let margin = Swift.max((size.height - 5 * side) / 2, 0)
    for top in Swift.stride(from: margin, through: size.height - side, by: side) {
      for left in Swift.stride(from: margin, through: size.width - Swift.min(side, size.width), by: side) {
        let window = ImageWindow(top: top, left: left, height: side, width: Swift.min(side, size.width))
        let bump = Self.bump(window.height, window.width, &stream)
        for channel in 0..<size.channels {
          let sign = stream.sign()
          window.forEach(in: size, channel) { at, index in x[at] += sign * bump[index] }
        }
      }
    }
    rescale(x, center)
  }

  /// The first window takes a new bump on top of what it has, and the norm that the second one gives up.
  private func moveMass(
    _ x: Point, _ center: Center, to first: ImageWindow, from second: ImageWindow,
    _ stream: inout RandomStream
  ) {
    let total = mass(x, center, 0..<size.count)
    var union = Set<Int>()
    for channel in 0..<size.channels {
      first.forEach(in: size, channel) { at, _ in union.insert(at) }
      second.forEach(in: size, channel) { at, _ in union.insert(at) }
    }
    let spare = Swift.max(Double(ball.radius) * (isL1 ? 1 : Double(ball.radius)) - total, 0)
    let target = length(spare / Double(size.channels) + mass(x, center, union.sorted()))
    let bump = Self.bump(first.height, first.width, &stream)
    var painted: [(at: Int, value: Float)] = []
    for channel in 0..<size.channels {
      let places = first.positions(in: size, channel)
      let norm = length(mass(x, center, places)) + 1e-12
      let sign = stream.sign()
      let mixed = places.indices.map {
        Double(sign * bump[$0]) + Double(x[places[$0]] - center[places[$0]]) / norm
      }
      let whole = length(mixed.reduce(0) { $0 + (isL1 ? $1.magnitude : $1 * $1) }) + 1e-12
      painted += places.indices.map { (places[$0], Float(mixed[$0] / whole * target)) }
    }
    for channel in 0..<size.channels { second.forEach(in: size, channel) { at, _ in x[at] = center[at] } }
    for (at, value) in painted { x[at] = center[at] + value }
    rescale(x, center)
  }

  /// x ← clip(x₀ + ε δ / ‖δ‖₂); for L1 the nearest point of ball and box.
  private func rescale(_ x: Point, _ center: Center) {
    if isL1 { return project(x, center) }
    let scale = Double(ball.radius) / (length(mass(x, center, 0..<size.count)) + 1e-12)
    for at in 0..<size.count {
      x[at] = box.clamp(Float(Double(center[at]) + scale * (Double(x[at]) - Double(center[at]))))
    }
  }

  private func project(_ x: Point, _ center: Center) {
    var point = Tensor([1, size.count], UnsafeBufferPointer(start: x, count: size.count))
    let around = Tensor([1, size.count], UnsafeBufferPointer(start: center, count: size.count))
    ball.project(&point, around: around, in: box)
    for at in 0..<size.count { x[at] = point[at] }
  }

  private var isL1: Bool { ball.norm == .l1 }

  /// What adds up over elements: squares of the change, for L1 magnitudes.
  private func mass(_ x: Point, _ center: Center, _ places: some Sequence<Int>) -> Double {
    places.reduce(0) { total, at in
      let move = Double(x[at]) - Double(center[at])
      return total + (isL1 ? move.magnitude : move * move)
    }
  }

  /// The norm of a mass.
  private func length(_ mass: Double) -> Double { isL1 ? mass : mass.squareRoot() }

  /// A window with a positive pyramid in one half and a negative one in the other, of norm 1; of halves one
  /// above the other or side by side.
  private static func bump(_ height: Int, _ width: Int, _ stream: inout RandomStream) -> [Float] {
    let isUpright = stream.sign() > 0
    let (rows, columns) = isUpright ? (height, width) : (width, height)
    let values =
      pyramid(rows / 2, columns) + pyramid(rows - rows / 2, columns).map { -$0 }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let unit = values.map { Float($0 / Swift.max(length, 1e-12)) }
    guard !isUpright else { return unit }
    return (0..<height * width).map { unit[$0 % width * columns + $0 / width] }
  }

  /// Nested rectangles about the middle, the k-th adding 1 / k², of norm 1.
  private static func pyramid(_ rows: Int, _ columns: Int) -> [Double] {
    guard rows > 0 else { return [] }
    var values = [Double](repeating: 0, count: rows * columns)
    for level in 0...Swift.max(rows / 2, columns / 2) {
      for row in Swift.max(rows / 2 - level, 0)..<Swift.min(rows / 2 + level + 1, rows) {
        for column in Swift.max(columns / 2 - level, 0)..<Swift.min(columns / 2 + level + 1, columns) {
          values[row * columns + column] += 1 / Double((level + 1) * (level + 1))
        }
      }
    }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
  }
}
