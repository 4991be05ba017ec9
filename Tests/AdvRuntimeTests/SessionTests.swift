import AdvConformance
import AdvGraph
import AdvModels
import AdvTensor
import Testing

@testable import AdvRuntime

/// Laws of a session: it agrees with the interpreter, and a result depends on its image alone.
@Suite struct SessionTests {
  static let network = try? Network(TestNets.convolutional())
  static let pool = WorkerPool(threads: 2)

  @Test(arguments: [0, 1, 3, 8, 21])
  func `forward and backward agree with the interpreter`(_ images: Int) throws {
    let network = try #require(Self.network)
    let (x, dy) = (TestNets.images(images), TestNets.cotangent(images))
    let session = Session(network.gradient, pool: Self.pool)
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    let expected = try TestNets.interpret(Pipeline(TestNets.convolutional()).gradient, x, dy)
    #expect(relativeError(logits, expected[0]) < 2e-5)
    #expect(relativeError(gradient, expected[1]) < 2e-5)
  }

  @Test func `a second backward pass gives the same bits as the first`() throws {
    let network = try #require(Self.network)
    let session = Session(network.gradient)
    var (logits, first, other, second) = (Tensor([0]), Tensor([0]), Tensor([0]), Tensor([0]))
    try session.forward(TestNets.images(5), into: &logits)
    try session.backward(TestNets.cotangent(5), into: &first)
    try session.backward(TestNets.cotangent(5, seed: 9), into: &other)
    try session.backward(TestNets.cotangent(5), into: &second)
    #expect(first.isIdentical(to: second))
    #expect(!first.isIdentical(to: other))
  }

  @Test func `batch size, order and threads change no bit`() throws {
    let network = try #require(Self.network)
    let (x, dy) = (TestNets.images(8), TestNets.cotangent(8))
    let (one, two) = (Session(network.gradient), Session(network.gradient, pool: Self.pool))
    let whole = try gradients(one, x, dy)
    let order = [5, 0, 7, 2, 1, 6, 3, 4]
    let permuted = try gradients(two, x.rows(order), dy.rows(order))
    for (position, image) in order.enumerated() {
      let single = try gradients(one, x.rows([image]), dy.rows([image]))
      for index in 0..<2 {
        #expect(single[index].row(0).isIdentical(to: whole[index].row(image)))
        #expect(permuted[index].row(position).isIdentical(to: whole[index].row(image)))
      }
    }
    let three = try gradients(two, x.rows([2, 3, 4]), dy.rows([2, 3, 4]))
    #expect(three[1].isIdentical(to: whole[1].rows([2, 3, 4])))
  }

  @Test(arguments: Precision.allCases, ["squeezenet1_1", "resnet20", "lenet5"])
  func `threads that share an image change no bit`(_ precision: Precision, _ name: String) throws {
    let shape: Shape = [3, 32, 32]
    let model = try ModelCatalog.untrained(name, inputShape: shape, classes: 10)
    let plan = try Network(TestNets.bound(model.graph()), precision: precision).gradient
    for (threads, images) in [(2, 1), (3, 1), (2, 3), (5, 3)] {
      let team = Session(plan, pool: WorkerPool(threads: threads))
      let (x, dy) = (TestNets.noise(shape.prepending(images), seed: 6), TestNets.cotangent(images))
      let alone = try gradients(Session(plan), x, dy)
      for (one, shared) in zip(alone, try gradients(team, x, dy)) { #expect(one.isIdentical(to: shared)) }
    }
  }

  /// Its first layers go image by image, its last ones do not, and values cross from the ones to the others.
  @Test func `neighbours change no bit where large maps go image by image`() throws {
    let model = try ModelCatalog.untrained("squeezenet1_1", inputShape: [3, 160, 160], classes: 10)
    let plan = try Network(TestNets.bound(model.graph())).gradient
    #expect(plan.description.contains("@stretch+"))
    let session = Session(plan)
    let (x, dy) = (TestNets.noise([4, 3, 160, 160], seed: 5), TestNets.cotangent(4))
    let together = try gradients(session, x, dy)
    for image in 0..<4 {
      let alone = try gradients(session, x.rows([image]), dy.rows([image]))
      for index in 0..<2 { #expect(alone[index].row(0).isIdentical(to: together[index].row(image))) }
    }
    for (threads, images) in [(2, 1), (2, 4), (3, 4)] {
      let team = Session(plan, pool: WorkerPool(threads: threads))
      let rows = Array(0..<images)
      let shared = try gradients(team, x.rows(rows), dy.rows(rows))
      for index in 0..<2 { #expect(shared[index].isIdentical(to: together[index].rows(rows))) }
    }
  }

  @Test func `a tensor of another shape is refused with both shapes`() throws {
    let network = try #require(Self.network)
    let session = Session(network.gradient)
    var result = Tensor([0])
    #expect(throws: SessionError.self) { try session.backward(Tensor([1, 10]), into: &result) }
    let error = #expect(throws: SessionError.self) {
      try session.forward(Tensor([2, 3, 8, 9]), into: &result)
    }
    #expect(error?.description.contains("[2, 3, 8, 9]") == true)
  }

  private func gradients(_ session: Session, _ x: Tensor, _ dy: Tensor) throws -> [Tensor] {
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    return [logits, gradient]
  }
}
