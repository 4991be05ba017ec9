import AdvGraph
import AdvTensor
import Synchronization
import Testing

@testable import AdvRuntime

/// Laws of the pool: every task once, whatever the threads; results placed by the task alone.
@Suite struct SessionPoolTests {
  @Test(arguments: [1, 2, 4], [0, 1, 7, 300])
  func `every task runs once`(_ threads: Int, _ tasks: Int) {
    let pool = WorkerPool(threads: threads)
    let seen = Mutex([Int](repeating: 0, count: tasks))
    for _ in 0..<3 {
      pool.forEach(tasks) { task, worker in
        #expect(worker < threads)
        seen.withLock { $0[task] += 1 }
      }
    }
    #expect(seen.withLock { $0 } == [Int](repeating: 3, count: tasks))
  }

  @Test(arguments: [1, 3])
  func `batches cover all images once, each thread with a state of its own`(_ threads: Int) {
    let states = Atomic(0)
    let seen = Mutex([Int](repeating: 0, count: 23))
    WorkerPool(threads: threads).forEachBatch(
      count: 23, batch: 4,
      makeState: { states.add(1, ordering: .relaxed).newValue },
      { (state: inout Int, range: Range<Int>) in
        #expect(range.count <= 4 && state >= 1)
        seen.withLock { for image in range { $0[image] += 1 } }
      })
    #expect(seen.withLock { $0 }.allSatisfy { $0 == 1 })
    #expect(states.load(ordering: .relaxed) <= threads)
  }

  @Test func `a session follows its batch size up and down`() throws {
    let plan = try Network(TestNets.convolutional()).gradient
    let session = Session(plan, pool: WorkerPool(threads: 2))
    for count in [2, 40, 0, 17, 70, 1] {
      let (x, dy) = (TestNets.images(count), TestNets.cotangent(count))
      var (logits, gradient, alone) = (Tensor([0]), Tensor([0]), Tensor([0]))
      try session.forward(x, into: &logits)
      try session.backward(dy, into: &gradient)
      let fresh = Session(plan)
      try fresh.forward(x, into: &alone)
      #expect(alone.isIdentical(to: logits))
      try fresh.backward(dy, into: &alone)
      #expect(alone.isIdentical(to: gradient))
    }
  }
}
