import Foundation

/// A fixed set of threads that share the tasks of one job at a time; the caller's thread is one of them.
///
/// Which thread runs a task is not determined: results must be placed by the task's number alone. Handing
/// out a job allocates nothing.
public final class WorkerPool: Sendable {
  /// The number of threads, the caller's included.
  public let threads: Int
  private let desk = JobDesk()

  /// A pool of at least one thread.
  public init(threads: Int) {
    self.threads = max(threads, 1)
    for worker in 1..<max(threads, 1) {
      let thread = Thread { [desk] in desk.serve(worker) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { desk.close() }

  /// Calls `work` once for each task; returns when all are done.
  func run(_ tasks: Int, _ context: UnsafeMutableRawPointer, _ work: JobDesk.Work) {
    if threads == 1 || tasks < 2 {
      for task in 0..<tasks { work(context, task, 0) }
    } else {
      desk.run(JobDesk.Job(work: work, context: context, tasks: tasks))
    }
  }

  /// Calls `body` with each task's number and the number of the thread that runs it, below `threads`.
  public func forEach(_ tasks: Int, _ body: @Sendable (_ task: Int, _ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var held: @Sendable (Int, Int) -> Void = body
      withUnsafeMutablePointer(to: &held) { pointer in
        run(tasks, UnsafeMutableRawPointer(pointer)) { context, task, worker in
          context.assumingMemoryBound(to: (@Sendable (Int, Int) -> Void).self).pointee(task, worker)
        }
      }
    }
  }

  /// Calls `body` for every range of at most `batch` of `count` images; each thread makes itself a state,
  /// such as a session, when it first gets work.
  public func forEachBatch<State>(
    count: Int, batch: Int, makeState: @Sendable () -> State,
    _ body: @Sendable (inout State, Range<Int>) -> Void
  ) {
    precondition(batch > 0, "batches of \(batch) images")
    let states = UnsafeMutablePointer<State?>.allocate(capacity: threads)
    states.initialize(repeating: nil, count: threads)
    defer {
      states.deinitialize(count: threads)
      states.deallocate()
    }
    let address = UInt(bitPattern: states)  // each thread touches its own element only
    forEach((count + batch - 1) / batch) { task, worker in
      guard let states = UnsafeMutablePointer<State?>(bitPattern: address) else { return }
      var state = states[worker].take() ?? makeState()
      body(&state, task * batch..<min((task + 1) * batch, count))
      states[worker] = state
    }
  }
}

/// The place where threads wait for a job and draw its tasks. The lock guards every stored property: that is
/// what `@unchecked` asserts.
final class JobDesk: @unchecked Sendable {
  typealias Work = @convention(c) (UnsafeMutableRawPointer, _ task: Int, _ worker: Int) -> Void

  struct Job {
    var work: Work
    var context: UnsafeMutableRawPointer
    var tasks: Int
    var next = 0
    var finished = 0
  }

  private let lock = NSCondition()
  private let turn = NSLock()  // one job at a time
  private var job: Job?
  private var isClosing = false

  func run(_ new: Job) {
    turn.lock()
    lock.lock()
    job = new
    lock.broadcast()
    work(as: 0)
    while let job, job.finished < job.tasks { lock.wait() }
    job = nil
    lock.unlock()
    turn.unlock()
  }

  func serve(_ worker: Int) {
    lock.lock()
    while !isClosing {
      work(as: worker)
      lock.wait()
    }
    lock.unlock()
  }

  func close() {
    lock.lock()
    isClosing = true
    lock.broadcast()
    lock.unlock()
  }

  /// Draws and runs tasks until none is left; called and left with the lock held.
  private func work(as worker: Int) {
    while let mine = job, mine.next < mine.tasks {
      job?.next += 1
      lock.unlock()
      mine.work(mine.context, mine.next, worker)
      lock.lock()
      job?.finished += 1
      if let job, job.finished == job.tasks { lock.broadcast() }
    }
  }
}
