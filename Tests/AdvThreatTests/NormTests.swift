import AdvConformance
import AdvTensor
import AdvThreat
import Testing

@Suite struct NormTests {
  @Test(arguments: Norm.allCases, NormConformance.shapes)
  func `projections are feasible, idempotent and non-expansive`(_ norm: Norm, _ shape: Shape) {
    for seed in 0..<50 as Range<UInt64> {
      let violations = NormConformance.projectionLaws(norm, shape, seed: seed)
      #expect(violations == [])
    }
  }

  @Test(arguments: Norm.allCases, NormConformance.shapes)
  func `no feasible point is nearer than the projection`(_ norm: Norm, _ shape: Shape) {
    let violations = NormConformance.projectionIsNearest(norm, shape, seed: 21, rivals: 1_000)
    #expect(violations == [])
  }

  @Test(arguments: Norm.allCases, NormConformance.shapes)
  func `no feasible point gains more than the linear maximiser`(_ norm: Norm, _ shape: Shape) {
    let violations = NormConformance.maximiserIsBest(norm, shape, seed: 22, rivals: 1_000)
    #expect(violations == [])
  }

  @Test(arguments: Norm.allCases, [[2, 8], [3, 3, 5, 7]] as [Shape])
  func `random starts lie in ball and box`(_ norm: Norm, _ shape: Shape) throws {
    let violations = try NormConformance.randomStarts(norm, shape, seed: 23)
    #expect(violations == [])
  }

  /// In n dimensions the n-th power of the relative length is uniform; a length that is uniform itself crowds the
  /// middle, a draw from the box that is cut crowds the surface.
  @Test(arguments: [Norm.l1, .l2, .linf], [1, 3, 6])
  func `random starts fill the ball evenly`(_ norm: Norm, _ count: Int) throws {
    #expect(try NormConformance.volumes(norm, elements: count, seed: 24) == [])
  }

  /// The multipliers of the KKT conditions, recovered from the solution, agree between coordinates.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `L1 and L2 projections satisfy the KKT conditions`(_ seed: UInt64) {
    var stream = RandomStream(seed: seed, 5)
    let center = (0..<6).map { _ in stream.uniform() }
    let point = (0..<6).map { _ in stream.uniform(-1, 2) }
    for norm in [Norm.l1, .l2] {
      let ball = Ball(norm, radius: norm == .l1 ? 0.8 : 0.5)
      var x = Tensor([1, 6], point)
      ball.project(&x, around: Tensor([1, 6], center), in: .unit)
      guard norm.distances(x, Tensor([1, 6], center))[0] > Double(ball.radius) - 1e-4 else { continue }
      // Inside the box, with dᵢ the wish and δᵢ what was granted: |dᵢ| − |δᵢ| (L1) or δᵢ / dᵢ (L2) is the same.
      let multipliers = (0..<6).compactMap { index -> Float? in
        let (wish, granted) = (point[index] - center[index], x[index] - center[index])
        guard x[index] > 1e-4, x[index] < 1 - 1e-4, granted.magnitude > 1e-3 else { return nil }
        return norm == .l1 ? wish.magnitude - granted.magnitude : granted / wish
      }
      #expect((multipliers.max() ?? 0) - (multipliers.min() ?? 0) < 1e-4)
    }
  }

  @Test func `a point inside ball and box stays where it is`() {
    let originals = Tensor([1, 4], [0.5, 0.5, 0.5, 0.5])
    for norm in Norm.allCases {
      var x = Tensor([1, 4], [0.5, 0.625, 0.5, 0.375])
      let before = x
      Ball(norm, radius: norm == .l0 ? 2 : 0.5).project(&x, around: originals, in: .unit)
      #expect(x.isIdentical(to: before))
    }
  }

  @Test func `distances are those of the definitions`() {
    let (a, b) = (Tensor([1, 4], [0, 0.5, 1, 0.25]), Tensor([1, 4], [0, 0.25, 0.5, 0.25]))
    #expect(Norm.allCases.map { $0.distances(a, b)[0] } == [2, 0.75, (0.3125 as Double).squareRoot(), 0.5])
  }

  @Test func `radius 0 leaves only the original`() {
    var stream = RandomStream(seed: 1)
    let originals = Tensor([2, 5], (0..<10).map { _ in stream.uniform() })
    let gradient = Tensor([2, 5], (0..<10).map { _ in stream.normal() })
    for norm in Norm.allCases {
      let ball = Ball(norm, radius: 0)
      var x = gradient
      ball.project(&x, around: originals, in: .unit)
      #expect(x == originals, "\(norm)")
      #expect(ball.maximiseLinear(gradient, around: originals, in: .unit) == originals, "\(norm)")
    }
  }

  @Test func `a ball as large as the box holds the box`() {
    var stream = RandomStream(seed: 2)
    let originals = Tensor([1, 40], (0..<40).map { _ in stream.uniform() })
    let gradient = Tensor([1, 40], (0..<40).map { _ in stream.normal() })
    let corner = Tensor([1, 40], gradient.elements.map { $0 > 0 ? 1 : 0 })
    for norm in Norm.allCases {
      #expect(
        Ball(norm, radius: 40).maximiseLinear(gradient, around: originals, in: .unit) == corner, "\(norm)")
    }
  }
}
