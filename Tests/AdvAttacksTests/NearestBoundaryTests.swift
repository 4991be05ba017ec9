import AdvTensor
import AdvThreat
import Testing

@testable import AdvAttacks

/// The projection onto half-space ∩ box that DeepFool, FAB and others rest on.
@Suite struct NearestBoundaryTests {
  /// One random half-space and point of the box.
  private struct Draw {
    let x: [Float]
    let w: [Float]
    let needed: Double

    init(_ seed: UInt64) {
      var stream = RandomStream(seed: seed, 0xB0)
      let count = 1 + stream.integer(below: 12)
      // Some pixels at the bounds, some slopes zero.
      x = (0..<count).map { _ in
        let draw = stream.uniform(-0.2, 1.2)
        return min(max(draw, 0), 1)
      }
      w = (0..<count).map { _ in stream.uniform() < 0.2 ? 0 : stream.normal() }
      let most = zip(x, w).reduce(0.0) { $0 + Double($1.1 > 0 ? $1.1 * (1 - $1.0) : -$1.1 * $1.0) }
      needed = most * Double(stream.uniform(0.05, 0.95))
    }

    func nearest(_ norm: Norm) -> [Double] {
      var step = [Float](repeating: .nan, count: x.count)
      Boundary.nearest(norm, from: x, normal: w, x.count, needed: needed, in: .unit, into: &step)
      return step.map(Double.init)
    }
  }

  @Test(arguments: Norm.allCases, 0..<60 as Range<UInt64>)
  func `reaches the plane inside the box with the smallest norm`(_ norm: Norm, _ seed: UInt64) {
    let draw = Draw(seed)
    guard draw.needed > 1e-6 else { return }
    let step = draw.nearest(norm)
    let gain = zip(step, draw.w).reduce(0) { $0 + $1.0 * Double($1.1) }
    #expect(gain > draw.needed - 1e-6)
    for (value, move) in zip(draw.x, step) {
      #expect(Double(value) + move > -1e-6 && Double(value) + move < 1 + 1e-6)
    }
    let length =
      switch norm {
      case .l0: Double(step.count { $0 != 0 })
      case .l1: step.reduce(0) { $0 + abs($1) }
      case .l2: step.reduce(0) { $0 + $1 * $1 }.squareRoot()
      case .linf: step.reduce(0) { max($0, abs($1)) }
      }
    let smallest = LinearOptimum.minimalRadius(
      norm, reaching: draw.needed, along: draw.w.map(Double.init), from: draw.x.map(Double.init), in: .unit)
    #expect(length < smallest * (1 + 1e-5) + 1e-6, "\(length), the smallest is \(smallest)")
  }

  @Test(arguments: [Norm.l1, .l2, .linf], 0..<20 as Range<UInt64>)
  func `comes back to the plane from beyond it`(_ norm: Norm, _ seed: UInt64) {
    let draw = Draw(seed)
    var step = [Float](repeating: .nan, count: draw.x.count)
    Boundary.onto(
      norm, from: draw.x, normal: draw.w.map { -$0 }, draw.x.count, gap: -draw.needed, in: .unit, into: &step)
    #expect(zip(step, draw.nearest(norm)).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }

  @Test(arguments: Norm.allCases) func `goes as far as the box where that is not far enough`(_ norm: Norm) {
    let (x, w): ([Float], [Float]) = ([0.25, 0.5, 1], [1, -2, 0])
    var step: [Float] = [.nan, .nan, .nan]
    Boundary.nearest(norm, from: x, normal: w, 3, needed: 100, in: .unit, into: &step)
    #expect(step == [0.75, -0.5, 0])
    Boundary.nearest(norm, from: x, normal: w, 3, needed: -1, in: .unit, into: &step)
    #expect(step == [0, 0, 0])
  }
}
