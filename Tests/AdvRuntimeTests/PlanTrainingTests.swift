import AdvConformance
import AdvGraph
import AdvTensor
import Testing

@testable import AdvRuntime

/// Laws of plans with weights that change: gradients of weights sum over the batch, whatever the threads.
@Suite struct PlanTrainingTests {
  /// The network of `TestNets` in training mode, with the gradients of all its trained weights.
  static func graph() throws -> Graph {
    let training = try TestNets.convolutionalGraph().inTrainingMode().graph
    let targets = training.parameters.filter { $0.role != .runningMean && $0.role != .runningVariance }
    return try training.differentiated(training.outputs[0], toward: targets.map(\.id))
  }

  @Test(arguments: [1, 8, 13], InstructionSet.allCases.filter(\.isSupported))
  func `weight gradients agree with the interpreter`(_ images: Int, _ set: InstructionSet) throws {
    let graph = try Self.graph()
    var values = TestNets.weights(of: graph).mapValues { ReferenceTensor<Double>($0, .shared) }
    values["images"] = ReferenceTensor(TestNets.images(images))
    let problems = try comparePlan(
      of: graph, values, images: images, on: set, pool: WorkerPool(threads: 2), tolerance: 1e-4)
    #expect(problems == [])
  }

  @Test func `no step of training is interpreted`() throws {
    let plan = try Plan(Self.graph())
    #expect(plan.isLockstep)
    #expect(plan.steps.compactMap { $0.kernel as? Interpreted }.map(\.text) == [])
  }

  @Test func `threads change no bit of a gradient`() throws {
    let graph = try Self.graph()
    let plan = try Plan(graph)
    let weights = TestNets.weights(of: graph)
    let results = try [1, 2, 3].map { threads -> [Tensor] in
      let session = Session(plan, pool: WorkerPool(threads: threads))
      var (forward, backward): ([Tensor], [Tensor]) = ([], [])
      try session.forward(
        [TestNets.images(21)], parameters: graph.parameters.compactMap { weights[$0.name] }, into: &forward)
      try session.backward([TestNets.cotangent(21)], into: &backward)
      return forward + backward
    }
    for other in results.dropFirst() {
      #expect(zip(results[0], other).allSatisfy { $0.isIdentical(to: $1) })
    }
  }
}
