import AdvGraph
import AdvTensor
import CKernels

/// The memory for running a plan, with the passes over a batch. Not `Sendable`: it belongs to one caller at a
/// time; any number of sessions run one plan.
///
/// The arena grows to the largest batch seen. From then on a pass allocates nothing, unless the plan has
/// interpreted steps or a result tensor has to be made.
public final class Session {
  /// What is run.
  public let plan: Plan
  private let workspace: Workspace
  private let pool: WorkerPool
  private let meeting: Barrier
  private let ports: SessionPorts
  private let ranges: [Range<Int>]  // of steps, by phase
  private let stretches: [[Stretch]]  // by phase; in lockstep by step
  private let prologue: [[Int]]  // steps, those of one wave independent of each other
  private var job = Job()
  private var forwardImages: Int?  // of the last forward pass

  /// What the workers of one dispatch need to know.
  private struct Job {
    var stretches: [Stretch] = []
    var wave: [Int] = []
    var step = 0
    var batch = 0
    var size = 1  // images of a sub-batch
  }

  /// A session of a plan; images are split over the threads of `pool`, by default the caller's alone.
  public init(_ plan: Plan, pool: WorkerPool = WorkerPool(threads: 1)) {
    self.plan = plan
    self.pool = pool
    meeting = Barrier(threads: pool.threads)
    workspace = Workspace(plan, workers: pool.threads)
    ports = SessionPorts(plan)
    let ranges = Phase.allCases.map { phase in
      let first = plan.steps.firstIndex { $0.phase >= phase } ?? plan.steps.count
      return first..<(plan.steps.firstIndex { $0.phase > phase } ?? plan.steps.count)
    }
    stretches =
      plan.isLockstep
      ? plan.steps.indices.map { [Stretch(steps: $0..<$0 + 1, images: Plan.group)] }
      : ranges.map { Stretch.divide($0, of: plan.steps, plan.slots) }
    self.ranges = ranges
    prologue = Self.waves(of: ranges[Phase.prologue.rawValue], plan.steps)
  }

  // MARK: Passes

  /// Computes the results of the forward pass.
  ///
  /// `inputs` belong to the forward ports of `plan.inputs`, in order: `[n] + shape`, or `shape` where shared;
  /// `parameters` to `plan.parameters`. `results` receives the forward ports of `plan.outputs`, in place
  /// where the shapes fit already.
  public func forward(
    _ inputs: [Tensor], parameters: [Tensor] = [], into results: inout [Tensor]
  ) throws(SessionError) {
    let images = try ports.checkForward(inputs, parameters)
    ports.forward.prepare(&results, images)
    reserve(images)
    withExtendedLifetime((inputs, parameters)) {
      for (tensor, port) in zip(inputs, ports.forward.inputs) { bind(tensor, port) }
      for (index, tensor) in parameters.enumerated() { bind(tensor, ports.firstParameter + index) }
      for (index, port) in ports.forward.outputs.enumerated() { bind(&results[index], result: port) }
      runForward(images)
    }
  }

  /// The forward pass of a plan with one input for every image and one result: `images` is `[n] + shape`.
  public func forward(_ images: Tensor, into result: inout Tensor) throws(SessionError) {
    let count = try ports.forward.checkSingle(images, weights: plan.parameters.count)
    ports.forward.prepare(&result, 0, count)
    reserve(count)
    withExtendedLifetime(images) {
      bind(images, ports.forward.inputs[0])
      bind(&result, result: ports.forward.outputs[0])
      runForward(count)
    }
  }

  /// Pulls cotangents back through the last forward pass; may be called any number of times for it.
  ///
  /// `cotangents` belong to the backward ports of `plan.inputs`, `results` to those of `plan.outputs`.
  public func backward(_ cotangents: [Tensor], into results: inout [Tensor]) throws(SessionError) {
    let images = try requireForward()
    try ports.backward.check(cotangents, images: images)
    ports.backward.prepare(&results, images)
    withExtendedLifetime(cotangents) {
      for (tensor, port) in zip(cotangents, ports.backward.inputs) { bind(tensor, port) }
      for (index, port) in ports.backward.outputs.enumerated() { bind(&results[index], result: port) }
      run(.backward, images)
    }
  }

  /// The backward pass of a plan with one cotangent and one gradient, both for every image.
  public func backward(_ cotangent: Tensor, into result: inout Tensor) throws(SessionError) {
    let images = try requireForward()
    let count = try ports.backward.checkSingle(cotangent, weights: 0)
    if count != images {
      throw SessionError("the cotangent has \(count) rows, the last forward pass had \(images) images")
    }
    ports.backward.prepare(&result, 0, count)
    withExtendedLifetime(cotangent) {
      bind(cotangent, ports.backward.inputs[0])
      bind(&result, result: ports.backward.outputs[0])
      run(.backward, images)
    }
  }

  private func requireForward() throws(SessionError) -> Int {
    guard let forwardImages else { throw SessionError("a backward pass needs a forward pass before it") }
    return forwardImages
  }
}

// MARK: - Binding

extension Session {
  private func bind(_ tensor: Tensor, _ port: Int) {
    // The elements are heap memory that stays where it is while the caller's tensor lives.
    tensor.withElements { elements in
      guard let base = elements.baseAddress else { return }
      workspace.bind(input: port, to: UnsafeMutableRawPointer(mutating: base))
    }
  }

  private func bind(_ tensor: inout Tensor, result port: Int) {
    tensor.withMutableElements { elements in
      guard let base = elements.baseAddress else { return }
      workspace.bind(output: port, to: UnsafeMutableRawPointer(base))
    }
  }

  private func reserve(_ images: Int) {
    forwardImages = nil
    workspace.reserve(batch: images, chunk: chunk(images))
  }

  /// The images of a sub-batch: what fits the caches, and no more than each thread's share.
  private func chunk(_ images: Int) -> Int {
    if plan.isLockstep { return Plan.group }
    let own = max(isTeamwork(images) ? images : rounds(images), 1)
    let times = (own + workspace.chunkLimit - 1) / workspace.chunkLimit
    return (own + times - 1) / times  // even: nobody waits for the last
  }

  /// The most images of a thread, where each takes whole images.
  private func rounds(_ images: Int) -> Int { (images + pool.threads - 1) / pool.threads }

  /// Whether the threads share every step on the same images: where whole images would leave more than an
  /// eighth of their time unused, as with a single image.
  private func isTeamwork(_ images: Int) -> Bool {
    pool.threads > 1 && !plan.isLockstep && 8 * rounds(images) * pool.threads > 9 * images && images > 0
  }
}

// MARK: - Measuring

extension Session {
  /// Runs the convolutions of the last pass over `images` images again, forward or backward, and nothing
  /// else: for timing them without the changes of layout around them. Results are left undefined.
  func rerunConvolutions(images: Int, isBackward: Bool) {
    let phase: Phase = isBackward ? .backward : .forward
    let own = stretches[phase.rawValue].flatMap { stretch in
      stretch.steps.filter { plan.steps[$0].kernel.isConvolution }.map {
        Stretch(steps: $0..<$0 + 1, images: stretch.images)
      }
    }
    isTeamwork(images) ? dispatchTeam(own, images) : dispatch(own, images, size: chunk(images))
  }

  /// The texts of the plan's convolutions in one direction.
  func textOfConvolutions(isBackward: Bool) -> String {
    let phase: Phase = isBackward ? .backward : .forward
    return plan.steps.filter { $0.phase == phase && $0.kernel.isConvolution }.map(\.kernel.text)
      .joined(separator: "; ")
  }
}

extension Kernel {
  fileprivate var isConvolution: Bool {
    self is ConvolutionKernel || self is ScratchConvolutionKernel || self is StemKernel
      || self is AlgorithmKernel
  }
}

// MARK: - Running

extension Session {
  private func runForward(_ images: Int) {
    for wave in prologue { runTogether(wave, images) }
    run(.forward, images)
    forwardImages = images
  }

  private func run(_ phase: Phase, _ images: Int) {
    if plan.isLockstep {
      for step in ranges[phase.rawValue] { runAcrossBatch(step, images) }
    } else if isTeamwork(images) {
      dispatchTeam(stretches[phase.rawValue], images)
    } else {
      dispatch(stretches[phase.rawValue], images, size: chunk(images))
    }
  }

  /// One step for all images, before the next step begins.
  private func runAcrossBatch(_ step: Int, _ images: Int) {
    switch plan.steps[step].kernel.division {
    case .whole where plan.steps[step].kernel.isShareable: runInParts(step, images)
    case .whole:
      plan.steps[step].kernel.run(Memory(entries: workspace.tables[0], batch: images), images)
    case .images, .groups: dispatch(stretches[step], images, size: Plan.group)
    }
  }

  /// A step that sees the whole batch, each thread its part.
  private func runInParts(_ step: Int, _ images: Int) {
    job = Job(step: step, batch: images)
    let context = Unmanaged.passUnretained(self).toOpaque()
    pool.run(pool.threads, context) { context, task, worker in
      let session = Unmanaged<Session>.fromOpaque(context).takeUnretainedValue()
      session.work(step: session.job.step, AdvkPart(index: task, count: session.pool.threads), worker)
    }
  }

  /// Steps of the prologue that do not read each other's results, each on one thread.
  private func runTogether(_ wave: [Int], _ images: Int) {
    job = Job(wave: wave, batch: images)
    let context = Unmanaged.passUnretained(self).toOpaque()
    pool.run(wave.count, context) { context, task, worker in
      let session = Unmanaged<Session>.fromOpaque(context).takeUnretainedValue()
      session.work(step: session.job.wave[task], AdvkPart(), worker)
    }
  }

  private func work(step: Int, _ part: AdvkPart, _ worker: Int) {
    var memory = Memory(entries: workspace.tables[worker], batch: job.batch)
    memory.part = part
    plan.steps[step].kernel.run(memory, job.batch)
  }

  /// The steps of a range by how many others each must wait for, one after the other: those that write what it reads,
  /// and those that touch what it writes.
  private static func waves(of range: Range<Int>, _ steps: [Step]) -> [[Int]] {
    var waves: [[Int]] = []
    var written: [SlotID: Int] = [:]  // the first wave in which a slot can be read
    var touched: [SlotID: Int] = [:]  // the first in which it can be written again
    for step in range {
      let (reads, writes) = (steps[step].kernel.reads, steps[step].kernel.writes)
      let own = max(reads.compactMap { written[$0] }.max() ?? 0, writes.compactMap { touched[$0] }.max() ?? 0)
      if own == waves.count { waves.append([]) }
      waves[own].append(step)
      for slot in writes { written[slot] = own + 1 }
      for slot in reads + writes { touched[slot] = max(touched[slot] ?? 0, own + 1) }
    }
    return waves
  }

  /// Stretches of steps for all images, in sub-batches that threads draw from a common list.
  private func dispatch(_ stretches: [Stretch], _ images: Int, size: Int) {
    job = Job(stretches: stretches, batch: images, size: size)
    let context = Unmanaged.passUnretained(self).toOpaque()
    pool.run((images + size - 1) / size, context) { context, task, worker in
      Unmanaged<Session>.fromOpaque(context).takeUnretainedValue().work(task, worker)
    }
  }

  /// Stretches of steps for all images, each step shared by all threads.
  private func dispatchTeam(_ stretches: [Stretch], _ images: Int) {
    job = Job(stretches: stretches, batch: images, size: chunk(images))
    let context = Unmanaged.passUnretained(self).toOpaque()
    // As many tasks as threads: each waits for the others, so no thread draws two.
    pool.run(pool.threads, context) { context, task, _ in
      Unmanaged<Session>.fromOpaque(context).takeUnretainedValue().workInTeam(task)
    }
  }

  /// One thread's part of all steps, in step with the others.
  private func workInTeam(_ index: Int) {
    var memory = Memory(
      entries: workspace.teamTables[workspace.teamTables.startIndex + index], batch: job.batch)
    memory.part = AdvkPart(index: index, count: pool.threads)
    for start in stride(from: 0, to: job.batch, by: job.size) {
      let count = min(job.size, job.batch - start)
      for stretch in job.stretches {
        for done in stride(from: 0, to: count, by: stretch.images) {
          (memory.first, memory.chunkFirst) = (start + done, done)
          for step in stretch.steps {
            let kernel = plan.steps[step].kernel
            if kernel.isShareable || index == 0 { kernel.run(memory, min(stretch.images, count - done)) }
            meeting.wait()
          }
        }
      }
    }
  }

  /// One sub-batch, depth first.
  private func work(_ task: Int, _ worker: Int) {
    let start = task * job.size
    let count = min(job.size, job.batch - start)
    for stretch in job.stretches {
      var done = 0
      while done < count {
        let memory = Memory(
          entries: workspace.tables[worker], first: start + done, chunkFirst: done, batch: job.batch)
        let images = min(stretch.images, count - done)
        for step in stretch.steps { plan.steps[step].kernel.run(memory, images) }
        done += images
      }
    }
  }
}
