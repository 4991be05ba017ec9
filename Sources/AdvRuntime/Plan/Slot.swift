import AdvGraph
import AdvTensor

/// The position of a slot in its plan.
typealias SlotID = Int

/// How the elements of one image of a value lie in memory.
enum Layout: Hashable, Sendable {
  /// Row-major, as the user's tensors: `[C, H, W]`, `[features]`.
  case plain
  /// `[C][H + 2h][W + 2h]`, the halo of h pixels zeros: an image that a stem reads.
  case planes(halo: Int)
  /// `[C/16][H + 2h][W + 2h][16]`; lanes beyond C and the halo of h pixels hold zeros.
  case blocked(halo: Int)
  /// One bit for each element of `[C/16][H][W][16]`: its sign. 16 bits for a pixel of a block.
  case bits
  /// One byte for each element of `[C/16][H][W][16]`: the position of a maximum in its window.
  case indices
  /// A buffer whose inner order only its kernel knows: packed weights, partial sums; size in bytes.
  case opaque(bytes: Int)
}

extension Layout: CustomStringConvertible {
  /// `plain`, `blocked+1` with a halo of one pixel.
  var description: String {
    switch self {
    case .plain: "plain"
    case .planes(let halo): "planes+\(halo)"
    case .blocked(let halo): halo == 0 ? "blocked" : "blocked+\(halo)"
    case .bits: "bits"
    case .indices: "indices"
    case .opaque: "packed"
    }
  }
}

/// How often a slot exists and who owns its memory.
enum Region: Hashable, Sendable {
  /// Once, made when the plan is built and shared by all sessions: frozen and packed weights.
  case constant
  /// Once for each session: weights that change between runs, sums over the batch.
  case session
  /// For every image of the batch: what a later pass over the batch needs again.
  case batch
  /// For every image of the sub-batch that a worker has in hand.
  case chunk
  /// For the few images that a worker takes at once through one stretch, inside which the value is made and used up.
  case stretch
  /// Once for every group of `Plan.group` images of the batch: partial sums.
  case group
  /// Once for every worker of a session: scratch memory of one step.
  case worker
  /// The caller's tensor at this position of the inputs.
  case input(Int)
  /// The caller's tensor at this position of the outputs.
  case output(Int)
}

/// One value of a plan in one layout.
struct Slot: Sendable {
  /// The value's type.
  var type: TensorType
  /// How its elements lie in memory.
  var layout: Layout
  /// Who owns the memory.
  var region: Region
  /// The place in its arena in bytes: for one image where there is one such value for every image.
  var offset = 0

  /// Bytes for one image, or of the one shared value.
  var bytes: Int {
    let shape = type.shape
    switch layout {
    case .plain: return Self.aligned(shape.elementCount * 4, to: region.isCallers ? 4 : 64)
    case .planes(let halo):
      return Self.aligned(shape[0] * (shape[1] + 2 * halo) * (shape[2] + 2 * halo) * 4, to: 64)
    case .blocked(let halo): return blocks * (shape[1] + 2 * halo) * (shape[2] + 2 * halo) * 64
    case .bits: return Self.aligned(blocks * pixels * 2, to: 64)
    case .indices: return Self.aligned(blocks * pixels * 16, to: 64)
    case .opaque(let bytes): return Self.aligned(bytes, to: 64)
    }
  }

  /// Bytes from one image to the next. Kernels take indices without gaps between images.
  var stride: Int { layout == .indices ? blocks * pixels * 16 : bytes }

  /// The pixels of a map; a vector has one.
  var pixels: Int { type.shape.rank == 3 ? type.shape[1] * type.shape[2] : 1 }

  /// The number of blocks of 16 channels.
  var blocks: Int { (type.shape.lanes + 15) / 16 }

  /// What must agree for two slots to use the same bytes at different times: a halo is cleared only when
  /// the arena is made, so slots with one share memory only with slots of the same pitch.
  var geometry: Geometry {
    switch layout {
    case .blocked(let halo) where halo > 0:
      let (height, width) = (type.shape[1], type.shape[2])
      let unit = (height + 2 * halo) * (width + 2 * halo) * 64
      return Geometry(unit: unit, height: height, width: width, halo: halo)
    case .planes(let halo) where halo > 0:
      return Geometry(unit: bytes, height: type.shape[1], width: type.shape[2], halo: halo)
    default: return Geometry(unit: 64)
    }
  }

  static func aligned(_ bytes: Int, to alignment: Int) -> Int {
    (bytes + alignment - 1) / alignment * alignment
  }
}

extension Shape {
  /// What lies in the lanes of blocks: the channels of a map, all elements of anything else.
  var lanes: Int { rank == 3 ? self[0] : elementCount }
}

/// The pitch of a slot's blocks.
struct Geometry: Hashable, Sendable {
  /// Offsets are multiples of this many bytes.
  var unit: Int
  var height = 0
  var width = 0
  var halo = 0
}

extension Region {
  /// Whether the memory belongs to the caller of a run.
  var isCallers: Bool {
    switch self {
    case .input, .output: true
    default: false
    }
  }
}
