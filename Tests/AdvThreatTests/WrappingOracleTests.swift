import AdvTensor
import AdvThreat
import Testing

/// A model of points in the plane whose logits are all 0.
private protocol FlatOracle: GradientOracle {}

extension FlatOracle {
  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    logits = Tensor([images.rowCount, classCount])
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    gradient = Tensor([cotangent.rowCount, 2])
  }
}

/// A random model of four classes, the last a refusal, that remembers what it was told about its draws.
private final class Listener: RandomizedOracle, FlatOracle {
  let domain = InputDomain(imageShape: [2])
  let classCount = 4
  let rejectedClass: Int? = 3
  private(set) var heard: [(draw: Draw, ids: [UInt64])] = []

  func fix(_ draw: Draw, of ids: [UInt64]) { heard.append((draw, ids)) }
}

/// A model that only wants to know what a pass is for.
private final class Precise: TwofoldOracle, FlatOracle {
  let domain = InputDomain(imageShape: [2])
  let classCount = 2
  let rejectedClass: Int? = nil
  private(set) var draws: [Draw] = []

  func fix(_ draw: Draw) { draws.append(draw) }
}

@Suite struct WrappingOracleTests {
  /// Every wrapper of this target in front of an oracle.
  private static func wrappers<Base: GradientOracle>(_ base: Base) -> [any WrappingOracle] {
    [
      CountingOracle(base), ScoresOnly(base), LabelsOnly(base), ScriptedOracle(base) { _ in .none },
      BoxedOracle(base, lower: [0, 0], upper: [1, 1]),
      CountingOracle(ScriptedOracle(base) { _ in .none }), LabelsOnly(CountingOracle(ScoresOnly(base))),
    ]
  }

  @Test func `a wrapper keeps images, classes and refusal`() {
    let base = Listener()
    for wrapper in Self.wrappers(base) {
      #expect(wrapper.domain == base.domain && wrapper.classCount == 4, "\(type(of: wrapper))")
      #expect(wrapper.rejectedClass == 3, "\(type(of: wrapper))")
    }
  }

  @Test func `a wrapper passes on what the next passes are for`() {
    for index in Self.wrappers(Listener()).indices {
      let (random, precise) = (Listener(), Precise())
      Self.wrappers(random)[index].announce(.search(5), of: [7, 9])
      #expect(random.heard.count == 1 && random.heard[0].draw == .search(5) && random.heard[0].ids == [7, 9])
      Self.wrappers(precise)[index].announce(.verdict, of: [1])
      #expect(precise.draws == [.verdict])
    }
  }

  @Test func `constraints have two classes and no refusal, whatever the network behind them has`() {
    let base = Listener()
    let constraint = LinearConstraint(coefficients: [1, 0, 0, 0], bound: 0)
    let oracle = ConstraintOracle(base, alternatives: [[constraint]])
    #expect(oracle.classCount == 2 && oracle.rejectedClass == nil && oracle.domain == base.domain)
    oracle.announce(.search(1), of: [2])
    #expect(base.heard.count == 1)
  }
}
