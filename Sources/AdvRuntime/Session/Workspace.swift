import AdvTensor

/// The memory of a session: arenas, and for each worker the table of where every slot lies.
///
/// Halos are cleared when an arena is made and never written afterwards.
final class Workspace {
  /// The most images that one worker takes through all steps at once.
  let chunkLimit: Int
  /// The tables, one for each worker.
  var tables: ArraySlice<UnsafeMutablePointer<Memory.Entry>> { allTables[..<workers] }
  /// The tables of workers that share images: the first worker's sub-batch, scratch memory of their own.
  var teamTables: ArraySlice<UnsafeMutablePointer<Memory.Entry>> { allTables.suffix(workers) }

  private let plan: Plan
  private let workers: Int
  private let allTables: [UnsafeMutablePointer<Memory.Entry>]
  private var batchCapacity = -1
  private var chunkCapacity = 0
  private var batchArena: UnsafeMutableRawPointer?
  private var groupArena: UnsafeMutableRawPointer?
  private var chunkArenas: [UnsafeMutableRawPointer?]
  private var stretchArenas: [UnsafeMutableRawPointer]  // made with the first batch
  private let sessionArena: UnsafeMutableRawPointer
  private let workerArenas: [UnsafeMutableRawPointer]
  private let slotsOfInput: [[SlotID]]
  private let slotsOfOutput: [[SlotID]]

  init(_ plan: Plan, workers: Int) {
    self.plan = plan
    self.workers = workers
    chunkLimit = min(max(Stretch.cacheBudget / max(plan.arenas.chunk, 1), 8), Stretch.chunkLimit)
    sessionArena = Arena.allocate(plan.arenas.session)
    workerArenas = (0..<workers).map { _ in Arena.allocate(plan.arenas.worker) }
    chunkArenas = [UnsafeMutableRawPointer?](repeating: nil, count: workers)
    stretchArenas = []
    slotsOfInput = (0..<plan.inputs.count + plan.parameters.count).map { position in
      plan.slots.indices.filter { plan.slots[$0].region == .input(position) }
    }
    slotsOfOutput = plan.outputs.indices.map { position in
      plan.slots.indices.filter { plan.slots[$0].region == .output(position) }
    }
    allTables = (0..<workers * (workers > 1 ? 2 : 1)).map { _ in
      .allocate(capacity: max(plan.slots.count, 1))
    }
    for table in allTables {
      for id in plan.slots.indices {
        (table + id).initialize(to: Memory.Entry(base: sessionArena, stride: 0, advance: 0))
      }
    }
    for id in plan.slots.indices { placeFixed(id) }
  }

  deinit {
    allTables.forEach { $0.deallocate() }
    chunkArenas.forEach { $0?.deallocate() }
    stretchArenas.forEach { $0.deallocate() }
    batchArena?.deallocate()
    groupArena?.deallocate()
    workerArenas.forEach { $0.deallocate() }
    sessionArena.deallocate()
  }

  /// Makes room for a batch of which each worker takes `chunk` images at a time.
  func reserve(batch: Int, chunk: Int) {
    if stretchArenas.isEmpty { makeStretchArenas() }
    if batch > batchCapacity { growBatch(batch) }
    if chunk > chunkCapacity { growChunk(chunk) }
  }

  /// The caller's tensor for an input; weights follow the inputs.
  func bind(input position: Int, to base: UnsafeMutableRawPointer) {
    for slot in slotsOfInput[position] { set(slot, base: base) }
  }

  /// The caller's tensor for a result.
  func bind(output position: Int, to base: UnsafeMutableRawPointer) {
    for slot in slotsOfOutput[position] { set(slot, base: base) }
  }

  private func set(_ slot: SlotID, base: UnsafeMutableRawPointer) {
    for table in allTables { table[slot].base = base }
  }

  private func placeFixed(_ id: SlotID) {
    let slot = plan.slots[id]
    let stride = slot.type.multiplicity == .perImage ? slot.stride : 0
    for (number, table) in allTables.enumerated() {
      switch slot.region {
      case .constant: if let base = plan.constants[id] { table[id].base = base }
      case .session: table[id].base = sessionArena + slot.offset
      case .batch, .input, .output: (table[id].stride, table[id].advance) = (stride, stride)
      case .chunk: (table[id].stride, table[id].chunkAdvance) = (stride, stride)
      case .stretch: table[id].stride = stride
      case .group: table[id].groupAdvance = slot.bytes
      case .worker: table[id].base = workerArenas[number % workers] + slot.offset
      }
    }
  }

  private func growBatch(_ images: Int) {
    let groups = max((images + Plan.group - 1) / Plan.group, 1)
    batchArena?.deallocate()
    groupArena?.deallocate()
    let batchBase = Arena.allocate(plan.arenas.batch * images)
    let groupBase = Arena.allocate(plan.arenas.group * groups)
    for (id, slot) in plan.slots.enumerated() {
      if slot.region == .batch { set(id, base: batchBase + slot.offset * images) }
      if slot.region == .group { set(id, base: groupBase + slot.offset * groups) }
    }
    (batchArena, groupArena, batchCapacity) = (batchBase, groupBase, images)
  }

  private func makeStretchArenas() {
    stretchArenas = (0..<workers).map { _ in Arena.allocate(plan.arenas.stretch) }
    for (id, slot) in plan.slots.enumerated() where slot.region == .stretch {
      for worker in 0..<workers { allTables[worker][id].base = stretchArenas[worker] + slot.offset }
      teamTables.forEach { $0[id].base = stretchArenas[0] + slot.offset }
    }
  }

  private func growChunk(_ images: Int) {
    for worker in 0..<workers {
      chunkArenas[worker]?.deallocate()
      let base = Arena.allocate(plan.arenas.chunk * images)
      chunkArenas[worker] = base
      for (id, slot) in plan.slots.enumerated() where slot.region == .chunk {
        allTables[worker][id].base = base + slot.offset * images
        if worker == 0 { teamTables.forEach { $0[id].base = base + slot.offset * images } }
      }
    }
    chunkCapacity = images
  }
}
