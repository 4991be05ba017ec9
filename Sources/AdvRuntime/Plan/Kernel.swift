import CKernels

/// One step's work: a function on slots for a range of images.
///
/// A kernel holds slot numbers and sizes, never memory: the same plan is run by many sessions at once.
protocol Kernel: Sendable {
  /// What it computes and how, as it stands in the plan's text.
  var text: String { get }
  /// The slots that it reads.
  var reads: [SlotID] { get }
  /// The slots that it writes; no other slot's bytes change.
  var writes: [SlotID] { get }
  /// How its work may be divided.
  var division: Division { get }
  /// Whether threads may share its work on the same images: `run` then does the part that `memory.part` names.
  /// Otherwise one of them does all of it.
  var isShareable: Bool { get }
  /// Does the work for `images` images from the first of `memory`. Allocates nothing, except where
  /// `Interpreted` says so.
  func run(_ memory: Memory, _ images: Int)
}

extension Kernel {
  var isShareable: Bool { false }
}

/// How the work of a kernel may be divided.
enum Division: Hashable, Sendable {
  /// Any range of images, in any order.
  case images
  /// Groups of `Plan.group` images, each of which writes its own partial result.
  case groups
  /// Not at all: it sees the whole batch, or works on values that exist once.
  case whole
}

/// When a step runs.
enum Phase: Int, CaseIterable, Comparable, Sendable {
  /// Once, when the plan is built.
  case build
  /// Once for each batch, before its images: packing weights that change.
  case prologue
  /// For every image of a batch.
  case forward
  /// For every image, after a cotangent was given; any number of times for one forward pass.
  case backward

  static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
}

/// One line of a plan.
struct Step: Sendable {
  /// What is computed.
  let kernel: any Kernel
  /// When.
  let phase: Phase
  /// The layer, in the checkpoint's own words.
  let path: String
}

/// Where the slots of a plan are for one worker of a session.
struct Memory {
  /// One slot's address.
  struct Entry {
    /// The first image of the arena.
    var base: UnsafeMutableRawPointer
    /// Bytes from one image to the next; 0 for a value that exists once.
    var stride: Int
    /// Bytes from one image of the batch to the next: 0 where the arena holds a sub-batch only.
    var advance: Int
    /// Bytes from one image of the sub-batch to the next: 0 where the arena holds the whole batch.
    var chunkAdvance = 0
    /// Bytes from one group of images to the next, for partial sums.
    var groupAdvance = 0
  }

  let entries: UnsafeMutablePointer<Entry>
  /// The position in the batch of the first image to work on.
  var first = 0
  /// The position of that image in the sub-batch.
  var chunkFirst = 0
  /// The number of images of the batch.
  var batch = 0
  /// The share of a shareable kernel's work that is done; by default all of it.
  var part = AdvkPart()

  /// The bytes of a slot at the first image.
  func bytes(_ slot: SlotID) -> UnsafeMutableRawPointer {
    let entry = entries[slot]
    return entry.base + first * entry.advance + chunkFirst * entry.chunkAdvance
      + first / Plan.group * entry.groupAdvance
  }

  /// The floats of a slot at the first image.
  func floats(_ slot: SlotID) -> UnsafeMutablePointer<Float> {
    bytes(slot).assumingMemoryBound(to: Float.self)
  }

  /// Floats from one image of a slot to the next.
  func stride(_ slot: SlotID) -> Int { entries[slot].stride / 4 }
}
