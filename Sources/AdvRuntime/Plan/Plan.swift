import AdvGraph
import AdvTensor

/// A graph prepared for this machine: kernels in order, where every value lies, and the packed weights.
///
/// Immutable and shared by any number of sessions. Every image is computed in the same way whatever its
/// batch: batch size, order and threads do not change a bit of the result.
public struct Plan: Sendable {
  /// A value that the caller gives or receives.
  public struct Port: Sendable, Hashable {
    /// The input's or weight's name; `output 0` and so on for results.
    public let name: String
    /// Its type.
    public let type: TensorType
    /// Whether it belongs to the backward pass.
    public let isBackward: Bool
  }

  /// What the caller gives, in the order of the graph's inputs.
  public let inputs: [Port]
  /// The weights that the caller gives for every run, in the order of the graph's parameters; empty where
  /// all are frozen.
  public let parameters: [Port]
  /// What the caller receives, in the order of the graph's outputs.
  public let outputs: [Port]
  /// Work and memory, counted from the graph.
  public let statistics: PlanStatistics

  let steps: [Step]
  let slots: [Slot]
  let arenas: Arenas
  let constants: ConstantMemory
  /// Whether some result sums over the batch: then all images pass a step before the next step begins.
  let isLockstep: Bool

  /// Images whose partial sums are added up together, in order; fixed, so that threads change nothing.
  static let group = 8

  /// A plan for a graph. Inputs named in `cotangents` begin the backward pass: what depends on them can be
  /// run again and again after one forward pass.
  public init(
    _ graph: Graph, cotangents: Set<String> = ["cotangent"], instructionSet: InstructionSet = .selected,
    precision: Precision = .exact
  ) throws(GraphError) {
    var lowering = try Lowering(graph, cotangents: cotangents, instructionSet, precision)
    lowering.lower()
    self = lowering.finish()
  }

  init(
    ports: (inputs: [Port], parameters: [Port], outputs: [Port]), steps: [Step], slots: [Slot],
    arenas: Arenas, constants: ConstantMemory, isLockstep: Bool, statistics: PlanStatistics
  ) {
    (inputs, parameters, outputs) = ports
    self.steps = steps
    self.slots = slots
    self.arenas = arenas
    self.constants = constants
    self.isLockstep = isLockstep
    self.statistics = statistics
  }
}

/// The sizes of a plan's arenas in bytes.
struct Arenas: Sendable, Hashable {
  /// For each image of the batch.
  var batch = 0
  /// For each image of a worker's sub-batch.
  var chunk = 0
  /// For each worker: the images of one stretch.
  var stretch = 0
  /// Once for a session.
  var session = 0
  /// For each group of images.
  var group = 0
  /// For each worker of a session.
  var worker = 0
}

extension Plan: CustomStringConvertible {
  /// One line for each step, then the arenas.
  public var description: String {
    var lines = steps.enumerated().map { number, step in
      let reads = step.kernel.reads.map(name).joined(separator: ", ")
      let writes = step.kernel.writes.map(name).joined(separator: ", ")
      return "\(number) \(step.phase) \(step.kernel.text): \(reads) -> \(writes)"
        + (step.path.isEmpty ? "" : "  \(step.path)")
    }
    lines.append(
      "arena: \(arenas.chunk) bytes per image in hand, \(arenas.batch) per image of the batch, "
        + "\(arenas.session + arenas.group) shared, \(arenas.worker + arenas.stretch) per worker; weights: \(constants.bytes) bytes"
    )
    return lines.joined(separator: "\n")
  }

  private func name(_ slot: SlotID) -> String {
    let place =
      switch slots[slot].region {
      case .constant: "constant"
      case .session: "session+\(slots[slot].offset)"
      case .batch: "batch+\(slots[slot].offset)"
      case .chunk: "chunk+\(slots[slot].offset)"
      case .stretch: "stretch+\(slots[slot].offset)"
      case .group: "group+\(slots[slot].offset)"
      case .worker: "worker+\(slots[slot].offset)"
      case .input(let position): "input \(position)"
      case .output(let position): "output \(position)"
      }
    return "s\(slot) \(slots[slot].layout) @\(place)"
  }
}
