import AdvGraph
import CKernels

/// An operator that has kernels of its own.
///
/// Each operator's lowering is one file under `Lowerings`; an operator without one, or one whose `demands`
/// are nil for the types at hand, becomes an `Interpreted` step.
protocol Lowerable: Operator {
  /// How each operand must lie, nil where no kernel serves these types.
  func demands(at site: LoweringSite) -> [Demand]?
  /// Emits the steps that write the result.
  func lower(at site: LoweringSite, into lowering: inout Lowering)
  /// Whether the result lies in planes, as an image for a stem.
  func isResultPlanar(at site: LoweringSite) -> Bool
}

extension Lowerable {
  func isResultPlanar(at site: LoweringSite) -> Bool { false }
}

/// How a kernel wants an operand.
enum Demand: Hashable, Sendable {
  /// Row-major.
  case plain
  /// Row-major planes inside a halo.
  case planes(halo: Int)
  /// As a blocked map inside a halo of at least this size, or as a vector.
  case view(halo: Int)
  /// Its signs only.
  case bits
  /// Not at all: the operand's type is enough, or another value saved by the forward step takes its place.
  case nothing
}

/// An operator's place in the graph that is lowered.
struct LoweringSite {
  /// The node's position.
  let node: NodeID
  /// The nodes that it reads.
  let operands: [NodeID]
  /// The types of the operands.
  let types: [TensorType]
  /// The type of the result.
  let result: TensorType
  /// The layer.
  let path: String
  /// Whether each operand is an image that lies in planes.
  let isPlanar: [Bool]
  /// Whether the second operand is the weight of a convolution that reads an image in planes.
  let isStem: Bool
  /// Whether a forward max pooling saves what this gradient of it needs.
  let hasForwardPool: Bool
  /// The instruction set of the plan.
  let isa: AdvkISA
  /// How the plan may round.
  let precision: Precision
}

extension TensorType {
  /// Whether kernels on views can work on it: a map `[C, H, W]` or a vector for each image.
  var isViewable: Bool { multiplicity == .perImage && (shape.rank == 3 || shape.rank == 1) }
  /// Whether there is one for each image: then what works element by element can run over its memory.
  var isForEachImage: Bool { multiplicity == .perImage }
  /// Whether it is `[C, H, W]` for each image.
  var isMap: Bool { multiplicity == .perImage && shape.rank == 3 }
  /// Whether it is `[features]` for each image.
  var isVector: Bool { multiplicity == .perImage && shape.rank == 1 }
}
