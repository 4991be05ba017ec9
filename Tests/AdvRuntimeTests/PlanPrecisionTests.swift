import AdvConformance
import AdvGraph
import AdvTensor
import CAllocationCounter
import CKernels
import Testing

@testable import AdvRuntime

/// Laws of fast plans: they compute what exact plans compute, up to rounding, with the same independence of
/// images.
@Suite struct PlanPrecisionTests {
  /// Residual blocks of 3×3 layers on maps of 14 × 14 and 7 × 7.
  static let residual = TestNet(description: "residual blocks of 3×3 layers", input: [3, 14, 14]) { x, w in
    var h = x.conv(w["stem"], channels: 20, kernel: 3, padding: 1, bias: false).batchNorm(w["bn"]).relu()
    for (stage, channels) in [20, 40].enumerated() {
      let stride = stage + 1
      let w = w["stage\(stage)"]
      let skip = stage == 0 ? h : h.conv(w["short"], channels: channels, kernel: 1, stride: 2)
      let main = h.conv(w["a"], channels: channels, kernel: 3, stride: stride, padding: 1).relu()
        .conv(w["b"], channels: channels, kernel: 3, padding: 1).batchNorm(w["bn"])
      h = (main + skip).relu()
    }
    return h.globalAveragePool().linear(w["fc"], 6)
  }

  @Test(arguments: [residual] + TestNet.all, InstructionSet.allCases.filter(\.isSupported))
  func `fast plans agree with the interpreter in norm`(_ net: TestNet, _ set: InstructionSet) throws {
    let gradient = try Pipeline(net.graph()).gradient
    let x = TestNets.noise(net.input.prepending(5), seed: 3)
    let problems = try comparePlan(
      of: gradient, ["images": ReferenceTensor(x)], images: 5, on: set, precision: .fast,
      pool: WorkerPool(threads: 2), tolerance: 2e-5)
    #expect(problems == [])
  }

  @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
  func `bf16 plans agree with the interpreter: logits to a hundredth, gradients to a tenth`(
    _ set: InstructionSet
  ) throws {
    let gradient = try Pipeline(Self.residual.graph()).gradient
    let x = TestNets.noise(Self.residual.input.prepending(5), seed: 3)
    func problems(_ tolerance: Double) throws -> [String] {
      try comparePlan(
        of: gradient, ["images": ReferenceTensor(x)], images: 5, on: set, precision: .bf16,
        pool: WorkerPool(threads: 2), tolerance: tolerance)
    }
    #expect(try problems(1e-2).filter { $0.contains("output 0") } == [])
    #expect(try problems(0.1) == [])
    #expect(try problems(1e-6) != [])
  }

  @Test func `bf16 plans round what is neither a stem nor Winograd's`() throws {
    let plan = try Plan(Pipeline(Self.residual.graph()).fused, precision: .bf16)
    let texts = plan.steps.map(\.kernel.text)
    #expect(texts.count { $0.contains("winograd") } == 6)
    #expect(texts.count { $0.contains("bf16") && !$0.contains("pack") } == 4)
    #expect(texts.count { $0.contains("direct") } == 0)
  }

  @Test func `fast plans take Winograd for 3×3 layers of stride 1, exact plans never`() throws {
    let pipeline = try Pipeline(Self.residual.graph())
    let fast = try Plan(pipeline.fused, precision: .fast).steps.map(\.kernel.text)
    let exact = try Plan(pipeline.fused, precision: .exact).steps.map(\.kernel.text)
    #expect(fast.count { $0.contains("winograd") } == 6)
    #expect(exact.count { $0.contains("winograd") } == 0)
    #expect(fast.map { $0.replacing("winograd", with: "direct") } == exact)
  }

  @Test func `scratch memory does not change how many images go through a layer together`() throws {
    let pipeline = try Pipeline(Self.residual.graph())
    let stretches = try Precision.allCases.map { precision in
      let plan = try Plan(pipeline.fused, precision: precision)
      return Stretch.divide(plan.steps.indices, of: plan.steps, plan.slots)
    }
    #expect(stretches[0] == stretches[1])
  }

  @Test(arguments: [
    (1, false), (2, false), (3, true), (4, true), (5, false), (6, true), (7, true), (56, true),
  ])
  func `Winograd is chosen where it saves half of the multiplications`(_ side: Int, _ isChosen: Bool) {
    let layer = LayerCase(inputs: 32, outputs: 32)
    #expect(ConvolutionPlan.prefersWinograd(layer.shape, height: side, width: side) == isChosen)
  }

  @Test func `the logits for verdicts are exact whatever the precision of the search`() throws {
    let graph = try Self.residual.graph()
    let (fast, exact) = (try Network(graph, precision: .fast), try Network(graph))
    let x = TestNets.noise(Self.residual.input.prepending(4), seed: 6)
    var (left, right) = (Tensor([0]), Tensor([0]))
    try Session(fast.inference).forward(x, into: &left)
    try Session(exact.inference).forward(x, into: &right)
    #expect(left.isIdentical(to: right))
    try Session(fast.gradient).forward(x, into: &left)
    #expect(!left.isIdentical(to: right))
  }

  @Test(arguments: [Precision.fast, .bf16])
  func `batch size, order and threads change no bit`(_ precision: Precision) throws {
    let network = try Network(Self.residual.graph(), precision: precision)
    let x = TestNets.noise(Self.residual.input.prepending(19), seed: 7)
    let dy = TestNets.noise([19, 6], seed: 8)
    let whole = try run(Session(network.gradient), x, dy)
    for part in [[3], [1, 0, 2], Array((0..<19).reversed())] {
      let session = Session(network.gradient, pool: WorkerPool(threads: 2))
      for (one, all) in zip(try run(session, x.rows(part), dy.rows(part)), whole) {
        #expect(one.isIdentical(to: all.rows(part)))
      }
    }
  }

  @Test func `a steady step allocates nothing`() throws {
    let session = Session(try Network(Self.residual.graph(), precision: .fast).gradient)
    let x = TestNets.noise(Self.residual.input.prepending(9), seed: 9)
    let dy = TestNets.noise([9, 6], seed: 10)
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    for _ in 0..<2 {
      try session.forward(x, into: &logits)
      try session.backward(dy, into: &gradient)
    }
    advk_allocations_begin()
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    let count = advk_allocations_end()
    #expect(count <= 0)
  }

  private func run(_ session: Session, _ x: Tensor, _ dy: Tensor) throws -> [Tensor] {
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    return [logits, gradient]
  }
}
