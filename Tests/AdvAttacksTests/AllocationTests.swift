import AdvClassifier
import AdvModels
import AdvTensor
import CAllocationCounter
import Synchronization
import Testing

@testable import AdvAttacks
@testable import AdvThreat

/// What happens between two gradients of an attack takes no memory, once the buffers of the first steps are
/// made.
@Suite struct AllocationTests {
  /// An oracle that notes how often the thread took memory from one linearisation to the next, its own passes
  /// included.
  private final class Witness<Base: GradientOracle>: GradientOracle, WrappingOracle {
    let base: Base
    private(set) var counts: [Int] = []

    init(_ base: Base) {
      self.base = base
      counts.reserveCapacity(1_000)
    }

    var wrapped: any LabelOracle { base }

    func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
      try base.logits(images, into: &logits)
    }

    func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
      counts.append(advk_allocations_end())
      advk_allocations_begin()
      try base.linearize(at: images, logits: &logits)
    }

    func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
      try base.pullback(cotangent, into: &gradient)
    }
  }

  static let attacks = [
    "pgd:steps=12", "pgd:steps=12,loss=dlr", "bim:steps=12", "mifgsm:steps=12", "apgd:steps=12",
    "apgd:steps=12,loss=dlr",
  ]

  @Test(arguments: attacks, [Norm.linf, .l2])
  func `a step takes no memory from the second on`(_ attack: String, _ norm: Norm) throws {
    let classifier = try Classifier(try ModelLoader.load(ModelRequest("lenet5")).model)
    let oracle = Witness(classifier.makeOracle())
    let shape = classifier.model.inputShape
    var stream = RandomStream(seed: 4)
    let images = Tensor(
      shape.prepending(6), (0..<6 * shape.elementCount).map { _ in stream.uniform(0.2, 0.8) })
    let labels = try classifier.makeOracle().labels(images)
    // No image reaches this lead, so that all stay to the end.
    let problem = try AttackProblem(
      images: images, criterion: .untargeted(labels, margin: 1e9),
      objective: .within(Ball(norm, radius: norm == .linf ? 0.01 : 0.2)))
    _ = try AttackCatalog.attack(attack).run(problem, on: oracle)
    _ = advk_allocations_end()
    // The first count belongs to what came before, the second to the first step.
    #expect(oracle.counts.count >= 12)
    #expect(oracle.counts.dropFirst(2).allSatisfy { $0 <= 0 }, "\(oracle.counts)")
  }
}
