import AdvGraph
import AdvTensor
import CKernels

/// A graph on its way to a plan: values get slots, operators become steps.
struct Lowering {
  let graph: Graph
  let isNeeded: [Bool]
  /// For every node, when its value can be computed.
  let phases: [Phase]
  let isLockstep: Bool
  let instructionSet: InstructionSet
  let precision: Precision
  /// What the readers of each node want.
  var demands: [[Demand]]
  /// The demands of each node on its operands; nil: interpreted.
  var ownDemands: [[Demand]?]
  /// Whether a map lies in planes because it is an image, not blocked features.
  var isPlanar: [Bool]
  /// The weights of convolutions that read an image in planes.
  var stemWeights: Set<NodeID> = []
  /// Steps' results that several lowerings share, by what they are.
  var shared: [SharedResult: SlotID] = [:]

  private(set) var slots: [Slot] = []
  private(set) var steps: [Step] = []
  /// The slots that hold a node's value, one for each layout.
  var places: [[SlotID]]
  /// Where results of the caller go that can be written in place.
  private var callerSlots: [NodeID: SlotID] = [:]
  private let cotangents: Set<String>
  private var path = ""
  private var phase = Phase.forward

  init(
    _ graph: Graph, cotangents: Set<String>, _ instructionSet: InstructionSet, _ precision: Precision
  ) throws(GraphError) {
    let graph = try graph.checked().fusingEpilogues()
    self.graph = graph
    (self.instructionSet, self.precision) = (instructionSet, precision)
    self.cotangents = cotangents
    isNeeded = Self.neededNodes(of: graph)
    phases = Self.phases(of: graph, cotangents: cotangents)
    isLockstep = graph.nodes.indices.contains { [isNeeded] id in isNeeded[id] && graph.couplesImages(id) }
    let empty = [[Demand]](repeating: [], count: graph.nodes.count)
    (demands, ownDemands) = (empty, empty)
    places = [[SlotID]](repeating: [], count: graph.nodes.count)
    isPlanar = [Bool](repeating: false, count: graph.nodes.count)
  }

  /// Assigns layouts and emits all steps.
  mutating func lower() {
    collectDemands()
    for id in graph.nodes.indices where isNeeded[id] { placeSource(id) }
    for phase in [Phase.build, .prologue, .forward, .backward] {
      for id in graph.nodes.indices where isNeeded[id] && phases[id] == phase { lower(id) }
    }
    copyOutputs()
    steps = Phase.allCases.flatMap { phase in steps.filter { $0.phase == phase } }
  }

  private mutating func lower(_ id: NodeID) {
    guard case .operation(let operation, let operands) = graph.nodes[id].source else { return }
    path = graph.nodes[id].path
    phase = phases[id]
    let site = self.site(id, operation, operands)
    if ownDemands[id] != nil, let operation = operation as? any Lowerable {
      operation.lower(at: site, into: &self)
    } else {
      interpret(operation, site)
    }
  }

  private mutating func interpret(_ operation: any Operator, _ site: LoweringSite) {
    let operands = site.operands.map { (slot: slot(of: $0, as: .plain), type: graph.nodes[$0].type) }
    // The definition of an operator may look at the whole batch; where nothing does, images are on their own.
    let division: Division = isLockstep || site.result.multiplicity == .shared ? .whole : .images
    let kernel = Interpreted(
      operation: operation, operands: operands, result: define(site.node, .plain), resultType: site.result,
      division: division)
    emit(kernel)
  }

  /// The operator's place with its types.
  func site(_ id: NodeID, _ operation: any Operator, _ operands: [NodeID]) -> LoweringSite {
    LoweringSite(
      node: id, operands: operands, types: operands.map { graph.nodes[$0].type },
      result: graph.nodes[id].type, path: graph.nodes[id].path, isPlanar: operands.map { isPlanar[$0] },
      isStem: operands.count > 1 && stemWeights.contains(operands[1]),
      hasForwardPool: hasForwardPool(operation, operands), isa: isa, precision: precision)
  }
}

// MARK: - What a lowering uses

extension Lowering {
  /// Appends a step of the layer that is lowered.
  mutating func emit(_ kernel: some Kernel) {
    steps.append(Step(kernel: kernel, phase: phase, path: path))
  }

  /// Emits steps in another phase, for another layer.
  mutating func at(_ phase: Phase, _ path: String, _ body: (inout Lowering) -> Void) {
    let saved = (self.phase, self.path)
    (self.phase, self.path) = (phase, path)
    body(&self)
    (self.phase, self.path) = saved
  }

  /// The instruction set in the kernels' own form.
  var isa: AdvkISA { instructionSet.code }

  /// A new slot.
  mutating func makeSlot(_ type: TensorType, _ layout: Layout, _ region: Region) -> SlotID {
    slots.append(Slot(type: type, layout: layout, region: region))
    return slots.count - 1
  }

  /// The slot that will hold a node's value in this layout; the caller's tensor where that is possible.
  mutating func define(_ id: NodeID, _ layout: Layout) -> SlotID {
    if layout == .plain, let slot = callerSlots[id] {
      places[id].append(slot)
      return slot
    }
    let slot = makeSlot(graph.nodes[id].type, layout, region(of: id))
    places[id].append(slot)
    return slot
  }

  /// The slot of a map or vector that a kernel on views writes, with the halo of its greediest reader.
  mutating func defineView(_ id: NodeID) -> ViewSpec {
    let slot = makeSlot(graph.nodes[id].type, viewLayout(of: id), region(of: id))
    places[id].append(slot)
    return ViewSpec(slot, slots[slot])
  }

  /// An operand as a view.
  mutating func view(of id: NodeID, halo: Int = 0) -> ViewSpec {
    let slot = slot(of: id, as: .view(halo: halo))
    return ViewSpec(slot, slots[slot])
  }

  /// Where a producer writes the signs of its result, if any reader wants only these.
  mutating func defineBits(_ id: NodeID) -> MaskSpec? {
    guard demands[id].contains(.bits) else { return nil }
    return MaskSpec(define(id, .bits), graph.nodes[id].type)
  }

  /// The signs of an operand.
  mutating func bits(of id: NodeID) -> MaskSpec {
    MaskSpec(slot(of: id, as: .bits), graph.nodes[id].type)
  }

  /// A buffer that lives in the region where the values of the current phase and this multiplicity live.
  mutating func scratch(_ type: TensorType, _ layout: Layout) -> SlotID {
    makeSlot(type, layout, region(type.multiplicity, phase))
  }

  /// The layout in which a map's producer should write it: blocked, with the halo of its greediest reader.
  func viewLayout(of id: NodeID) -> Layout {
    guard graph.nodes[id].type.isMap else { return .plain }
    let halo = demands[id].map { if case .view(let halo) = $0 { halo } else { 0 } }.max() ?? 0
    return .blocked(halo: halo)
  }

  /// The halo in which an image's planes should lie.
  func planeHalo(of id: NodeID) -> Int {
    demands[id].map { if case .planes(let halo) = $0 { halo } else { 0 } }.max() ?? 0
  }

  /// The slot that holds a node's value as it is demanded; converts where it lies otherwise.
  mutating func slot(of id: NodeID, as demand: Demand) -> SlotID {
    for slot in places[id] where slots[slot].serves(demand) { return slot }
    return convert(id, to: demand)
  }

  func region(of id: NodeID) -> Region { region(graph.nodes[id].type.multiplicity, phases[id]) }

  func region(_ multiplicity: Multiplicity, _ phase: Phase) -> Region {
    if phase == .build { return .constant }
    return multiplicity == .shared ? .session : isLockstep ? .batch : .chunk
  }
}

/// A result that several nodes need and that one of them computes.
enum SharedResult: Hashable {
  /// Weights packed for a kind of kernel and direction.
  case packed(NodeID, AdvkDirection, ConvolutionKind?)
  /// Weights prepared for an algorithm of the textbooks.
  case prepared(NodeID, Arithmetic)
  /// The winners of a max pooling.
  case winners(NodeID, MaxPool)
  /// The sums of a value for each channel, and its products with another one centred at a mean.
  case sums(NodeID, with: NodeID?, centre: NodeID?)
}

extension Slot {
  /// Whether a reader with this demand can read the slot as it is.
  func serves(_ demand: Demand) -> Bool {
    switch (demand, layout) {
    case (.plain, .plain): true
    case (.planes(let wanted), .planes(let halo)): halo >= wanted
    case (.planes(halo: 0), .plain): true
    case (.view(let wanted), .blocked(let halo)): halo >= wanted
    // What is no map is a vector for views; one of the caller has another pitch than whole blocks.
    case (.view, .plain): !type.isMap && !region.isCallers
    case (.bits, .bits): true
    default: false
    }
  }
}

// MARK: - Sources and results

extension Lowering {
  /// Gives inputs, weights and constants their slots, and copies of them where a later pass needs them.
  private mutating func placeSource(_ id: NodeID) {
    let node = graph.nodes[id]
    path = node.path
    phase = phases[id]
    switch node.source {
    case .input(let name):
      guard let position = graph.inputs.firstIndex(where: { $0.name == name }) else { return }
      placeGiven(id, .input(position))
    case .parameter(let name, _):
      guard let position = graph.parameters.firstIndex(where: { $0.name == name }) else { return }
      placeGiven(id, .input(graph.inputs.count + position))
    case .constant:
      places[id] = [makeSlot(node.type, .plain, .constant)]
    case .operation: break
    }
    if let position = graph.outputs.firstIndex(of: id), node.operation != nil, isWrittenInPlace(id) {
      callerSlots[id] = makeSlot(node.type, .plain, .output(position))
    }
  }

  private mutating func placeGiven(_ id: NodeID, _ region: Region) {
    let type = graph.nodes[id].type
    let given = makeSlot(type, .plain, region)
    // What the caller gave to the forward pass may be gone when the backward pass runs.
    guard type.multiplicity == .shared || isReadLater(id) else {
      places[id] = [given]
      return
    }
    let kept = makeSlot(type, .plain, type.multiplicity == .shared ? .session : .batch)
    let division: Division = type.multiplicity == .shared ? .whole : .images
    emit(CopyPlain(source: given, target: kept, count: type.shape.elementCount, division: division))
    places[id] = [kept]
  }

  private func isReadLater(_ id: NodeID) -> Bool {
    graph.nodes.indices.contains {
      isNeeded[$0] && phases[$0] > phases[id] && graph.nodes[$0].operands.contains(id)
    }
  }

  /// Whether the caller's tensor can be the only place of a result.
  private func isWrittenInPlace(_ id: NodeID) -> Bool {
    graph.nodes[id].type.multiplicity == .perImage && phases[id] >= .forward && !isReadLater(id)
  }

  private func readablePlace(of id: NodeID) -> SlotID {
    guard let place = places[id].first(where: { slots[$0].layout != .bits }) else {
      preconditionFailure("output \(id) was never written")
    }
    return place
  }

  private mutating func copyOutputs() {
    for (position, id) in graph.outputs.enumerated() {
      let type = graph.nodes[id].type
      if let slot = callerSlots[id], slots[slot].region == .output(position) {
        if places[id].contains(slot) { continue }
        // The producer wrote another layout: convert straight into the caller's tensor.
        (path, phase) = (graph.nodes[id].path, max(phases[id], .forward))
        emitCopy(from: readablePlace(of: id), to: slot)
        continue
      }
      (path, phase) = ("", max(phases[id], .forward))
      let source = slot(of: id, as: .plain)
      let target = makeSlot(type, .plain, .output(position))
      let division: Division = type.multiplicity == .shared ? .whole : .images
      emit(CopyPlain(source: source, target: target, count: type.shape.elementCount, division: division))
    }
  }
}
