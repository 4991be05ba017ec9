import AdvGraph
import AdvTensor

extension Lowering {
  /// Plans the memory, computes what is constant, and puts the plan together.
  func finish() -> Plan {
    var slots = self.slots
    keepAcrossPasses(&slots)
    let arenas = planMemory(&slots)
    let constants = computeConstants(slots)
    let rest = steps.filter { $0.phase != .build }
    var statistics = PlanStatistics(counting: graph, phases: phases, isNeeded: isNeeded)
    statistics.arenaBytesPerImage = arenas.chunk
    statistics.stretchBytes = arenas.stretch
    statistics.savedBytesPerImage = arenas.batch
    statistics.weightBytes = constants.bytes
    statistics.steps = rest.count
    statistics.interpretedSteps = rest.count { $0.kernel is Interpreted }
    return Plan(
      ports: ports, steps: rest, slots: slots, arenas: arenas, constants: constants,
      isLockstep: isLockstep, statistics: statistics)
  }

  private var ports: (inputs: [Plan.Port], parameters: [Plan.Port], outputs: [Plan.Port]) {
    func port(_ name: String, _ id: NodeID) -> Plan.Port {
      Plan.Port(name: name, type: graph.nodes[id].type, isBackward: phases[id] == .backward)
    }
    return (
      graph.inputs.map { port($0.name, $0.id) }, graph.parameters.map { port($0.name, $0.id) },
      graph.outputs.enumerated().map { port("output \($0)", $1) }
    )
  }

  /// A value of the forward pass that the backward pass reads is kept for every image of the batch.
  private func keepAcrossPasses(_ slots: inout [Slot]) {
    for step in steps where step.phase == .backward {
      for slot in step.kernel.reads where slots[slot].region == .chunk && isWrittenForward[slot] {
        slots[slot].region = .batch
      }
    }
  }

  private var isWrittenForward: [Bool] {
    var result = [Bool](repeating: false, count: slots.count)
    for step in steps where step.phase <= .forward {
      for slot in step.kernel.writes { result[slot] = true }
    }
    return result
  }

  private func planMemory(_ slots: inout [Slot]) -> Arenas {
    let stretches = stretches(of: slots)
    var intervals = intervals(of: slots)
    for (index, interval) in intervals.enumerated() where slots[interval.slot].region == .chunk {
      guard let images = Stretch.holding(interval, stretches)?.images, images <= Stretch.few else { continue }
      slots[interval.slot].region = .stretch
      intervals[index].bytes *= images
    }
    var arenas = Arenas()
    func place(_ region: Region) -> Int {
      let own = intervals.filter { slots[$0.slot].region == region }
      let plan = MemoryPlan(region == .chunk ? Stretch.widen(own, stretches) : own)
      for (slot, offset) in plan.offsets { slots[slot].offset = offset }
      return plan.bytes
    }
    arenas.batch = place(.batch)
    arenas.chunk = place(.chunk)
    arenas.stretch = place(.stretch)
    // Per-channel values are read in whole blocks: nothing may leave other bytes behind their last channel.
    for slot in slots.indices where slots[slot].region == .session {
      slots[slot].offset = arenas.session
      arenas.session += slots[slot].bytes
    }
    arenas.group = place(.group)
    arenas.worker = place(.worker)
    return arenas
  }

  /// The stretches that a session will take the steps in, by their positions in `steps`.
  private func stretches(of slots: [Slot]) -> [Stretch] {
    if isLockstep { return [] }
    return Phase.allCases.filter { $0 > .prologue }.flatMap { phase in
      let first = steps.firstIndex { $0.phase >= phase } ?? steps.count
      let end = steps.firstIndex { $0.phase > phase } ?? steps.count
      return Stretch.divide(first..<end, of: steps, slots)
    }
  }

  /// From the first step that touches a slot to the last; to the end where a later pass reads it.
  func intervals(of slots: [Slot]) -> [Interval] {
    var first = [Int?](repeating: nil, count: slots.count)
    var last = [Int](repeating: 0, count: slots.count)
    var phase = [Phase](repeating: .build, count: slots.count)
    for (number, step) in steps.enumerated() {
      for slot in step.kernel.writes where first[slot] == nil {
        (first[slot], phase[slot]) = (number, step.phase)
      }
      for slot in step.kernel.writes + step.kernel.reads {
        let isLater = max(step.phase, .forward) > max(phase[slot], .forward)
        last[slot] = isLater ? .max : max(last[slot], number)
      }
    }
    return slots.indices.compactMap { slot in
      first[slot].map {
        Interval(
          slot: slot, first: $0, last: last[slot], bytes: slots[slot].bytes, geometry: slots[slot].geometry)
      }
    }
  }

  /// Runs the steps that depend on constants only, and keeps what the other steps read.
  ///
  /// A slot has memory from its first step to its last: the weights in the order of the graph never lie here all at
  /// once beside those in the order of the kernels.
  private func computeConstants(_ slots: [Slot]) -> ConstantMemory {
    let constants = ConstantMemory()
    let entries = UnsafeMutablePointer<Memory.Entry>.allocate(capacity: max(slots.count, 1))
    defer { entries.deallocate() }
    var given: [SlotID: Tensor] = [:]
    for (id, node) in graph.nodes.enumerated() {
      if case .constant(let tensor) = node.source, let slot = places[id].first { given[slot] = tensor }
    }
    func place(_ slot: SlotID) {
      guard slots[slot].region == .constant, constants[slot] == nil else { return }
      let memory = constants.memory(of: slot, bytes: slots[slot].bytes)
      (entries + slot).initialize(to: Memory.Entry(base: memory, stride: 0, advance: 0))
      given[slot]?.withElements { source in
        if let from = source.baseAddress { memory.copyMemory(from: from, byteCount: source.count * 4) }
      }
    }
    let kept = Set(steps.filter { $0.phase != .build }.flatMap(\.kernel.reads))
    let build = steps.filter { $0.phase == .build }
    var last: [SlotID: Int] = [:]
    for (index, step) in build.enumerated() {
      for slot in step.kernel.reads + step.kernel.writes { last[slot] = index }
    }
    for (index, step) in build.enumerated() {
      let touched = Set(step.kernel.reads + step.kernel.writes)
      touched.forEach(place)
      step.kernel.run(Memory(entries: entries), 0)
      for slot in touched where last[slot] == index && !kept.contains(slot) {
        constants.release(slot, bytes: slots[slot].bytes)
      }
    }
    kept.forEach(place)
    return constants
  }
}

extension PlanStatistics {
  /// Counts the multiply–adds of convolutions and linear layers.
  init(counting graph: Graph, phases: [Phase], isNeeded: [Bool]) {
    for (id, node) in graph.nodes.enumerated() where isNeeded[id] {
      guard case .operation(let operation, let operands) = node.source else { continue }
      let types = operands.map { graph.nodes[$0].type }
      let work = (operation as? any CountsOperations)?.operations(of: types, into: node.type) ?? 0
      if phases[id] == .backward { backwardOperations += work } else { forwardOperations += work }
    }
  }
}

/// An operator whose multiply–adds are counted.
protocol CountsOperations: Operator {
  /// Floating-point operations for one image.
  func operations(of operands: [TensorType], into result: TensorType) -> Int
}
