import AdvTensor
import AdvThreat
import Testing

@Suite struct LatticeTests {
  static func images(_ count: Int, _ stream: inout RandomStream) -> Tensor {
    Tensor([count, 3, 4, 5], (0..<count * 60).map { _ in Lattice.value(stream.integer(below: 256)) })
  }

  @Test func `every level is its own`() {
    for level in 0...255 {
      #expect(Lattice.level(Lattice.value(level)) == level)
      #expect(Lattice.contains(Tensor([1], [Lattice.value(level)])))
    }
    #expect(!Lattice.contains(Tensor([1], [0.5])))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `strict rounding grows no norm and stays within the whole levels`(_ seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let originals = Self.images(3, &stream)
    let radius = stream.uniform(0, 0.1)
    let candidates = Tensor(
      originals.shape, originals.elements.map { Box.unit.clamp($0 + stream.uniform(-radius, radius)) })
    let stored = Lattice.quantise(candidates, around: originals, .strict)
    #expect(Lattice.contains(stored))
    for norm in Norm.allCases {
      for (after, before) in zip(norm.distances(stored, originals), norm.distances(candidates, originals)) {
        #expect(after <= before + 60 * 4e-7, "\(norm)")
      }
    }
    let levels = zip(Lattice.bytes(stored), Lattice.bytes(originals)).map { abs(Int($0) - Int($1)) }
    #expect(levels.max()! <= Lattice.strictLevels(radius: radius))
  }

  @Test(arguments: [1, 2, 4, 8, 16])
  func `a perturbation of whole levels is stored as it is`(_ levels: Int) {
    var stream = RandomStream(seed: 9)
    let originals = Self.images(4, &stream)
    let radius = Float(Double(levels) / 255)
    let candidates = Tensor(
      originals.shape, originals.elements.map { Box.unit.clamp($0 + radius * stream.sign()) })
    let stored = Lattice.quantise(candidates, around: originals, .strict)
    #expect(stored == Lattice.nearest(candidates))
    let moved = zip(Lattice.bytes(stored), Lattice.bytes(originals)).map { abs(Int($0) - Int($1)) }
    #expect(moved.max() == levels)
  }

  @Test func `nearest rounding ships more than the radius where strict does not`() {
    let originals = Tensor([1, 2], [Lattice.value(100), Lattice.value(7)])
    let candidates = Tensor([1, 2], [Lattice.value(100) + 0.007, Lattice.value(7) - 0.007])
    #expect(Lattice.bytes(Lattice.quantise(candidates, around: originals, .nearest)) == [102, 5])
    #expect(Lattice.bytes(Lattice.quantise(candidates, around: originals, .strict)) == [101, 6])
  }

  static let balls = [
    Ball(.linf, radius: 0.007), Ball(.linf, radius: 0.02), Ball(.l2, radius: 0.1), Ball(.l1, radius: 0.5),
    Ball(.l0, radius: 4),
  ]

  @Test(arguments: balls)
  func `repair never leaves ball, box or lattice`(_ ball: Ball) throws {
    for seed in 0..<5 as Range<UInt64> {
      let scenario = try LinearScenario(
        .init(seed: seed, batch: 6, imageShape: [3, 4, 5], classes: 4, place: .edge))
      let images = Lattice.nearest(scenario.images)
      let problem = try AttackProblem(
        images: images, criterion: .untargeted(try scenario.oracle.labels(images)), objective: .within(ball))
      let repaired = try LatticeRepair().repair(images, of: problem, on: scenario.oracle)
      #expect(Lattice.contains(repaired.images))
      for verdict in try Verifier(problem, on: scenario.oracle).judge(repaired.images, on: scenario.oracle) {
        #expect(verdict.outcome == .broken || verdict.outcome == .survived)
      }
      let levels = zip(Lattice.bytes(repaired.images), Lattice.bytes(images)).map { abs(Int($0) - Int($1)) }
      if ball.norm == .linf { #expect(levels.max()! <= Lattice.strictLevels(radius: ball.radius)) }
      for image in 0..<6 {
        let alone = try LatticeRepair().repair(
          images.rows([image]), of: problem.rows([image]), on: scenario.oracle)
        #expect(alone.images.isIdentical(to: repaired.images.rows([image])))
        #expect(alone.records[0] == repaired.records[image])
      }
    }
  }

  @Test func `repair restores what rounding lost, where the lattice allows it`() throws {
    var (lost, restored) = (0, 0)
    for seed in 0..<40 as Range<UInt64> {
      let scenario = try LinearScenario(.init(seed: seed, batch: 1, imageShape: [3, 4, 5], place: .edge))
      let images = Lattice.nearest(scenario.images)
      let labels = try scenario.oracle.labels(images)
      let smallest = scenario.oracle.minimalRadius(.l2, image: images.row(0), label: labels[0], in: .unit)
      guard smallest.isFinite, smallest > 0.02 else { continue }
      let ball = Ball(.l2, radius: Float(smallest * 1.1))
      let problem = try AttackProblem(
        images: images, criterion: .untargeted(labels), objective: .within(ball))
      let slope = try scenario.oracle.lossGradient(at: images, .margin, problem.criterion).gradient
      let tight = Ball(.l2, radius: Float(smallest * 1.001)).maximiseLinear(slope, around: images, in: .unit)
      let stored = Lattice.quantise(tight, around: images, .strict)
      guard try scenario.oracle.labels(stored) == labels else { continue }
      lost += 1
      let repaired = try LatticeRepair().repair(stored, of: problem, on: scenario.oracle)
      if try scenario.oracle.labels(repaired.images) != labels { restored += 1 }
    }
    #expect(lost >= 20 && restored * 10 >= lost * 9, "\(restored) of \(lost)")
  }
}
