import AdvTensor
import AdvThreat

/// The moments of an ascent, each judged on the 8-bit lattice: what a file can hold is what counts.
public struct Ascent: Sendable {
  /// All rows at one moment.
  public struct Frame: Sendable {
    /// Steps taken.
    public let step: Int
    /// The images `[n, C, H, W]` on the lattice.
    public let images: Tensor
    /// Per row: what the model says.
    public let readings: [ClassReading]
  }

  /// What each row climbs for.
  public let classes: [Int]
  /// What is made large, and by which moments are compared.
  public let objective: ScoreAscent.Objective
  /// The moments in order, the first before the first step.
  public private(set) var frames: [Frame] = []

  init(classes: [Int], objective: ScoreAscent.Objective) {
    (self.classes, self.objective) = (classes, objective)
  }

  /// The moment at which a row's score was highest or, where the ascent is not after the score alone, its probability;
  /// of equal ones the first.
  public func best(row: Int) -> Frame {
    var best = frames[0]
    for frame in frames where isBetter(frame.readings[row], than: best.readings[row]) { best = frame }
    return best
  }

  /// A high score is worth little to a fooling image where another class's is higher still.
  private func isBetter(_ reading: ClassReading, than other: ClassReading) -> Bool {
    if objective != .score, reading.probability != other.probability {
      return reading.probability > other.probability
    }
    return reading.score > other.score
  }

  /// Rounds images to the lattice, inside a ball toward the original, and looks at them once.
  mutating func add(
    _ images: Tensor, step: Int, _ origin: ScoreAscent.Origin?, on oracle: any ScoreOracle
  ) throws(ThreatError) {
    let stored =
      if let origin, origin.ball != nil {
        Lattice.quantise(images, around: origin.images, .strict)
      } else {
        Lattice.nearest(images)
      }
    let logits = try oracle.logits(stored)
    if let row = logits.firstRowNotFinite { throw .notFinite(what: "logits", image: UInt64(row)) }
    let readings = classes.indices.map { ClassReading(logits.row($0).elements, of: classes[$0]) }
    frames.append(Frame(step: step, images: stored, readings: readings))
  }
}

/// What a model says about one image and one class.
public struct ClassReading: Hashable, Sendable {
  /// The class.
  public let label: Int
  /// Its logit.
  public let score: Float
  /// Its softmax probability.
  public let probability: Double
  /// The class that the model names; of equal logits the first.
  public let named: Int

  /// A reading of one image's finite logits.
  public init(_ logits: [Float], of label: Int) {
    let peak = Double(logits.max() ?? 0)
    let total = logits.reduce(0.0) { $0 + exponential(Double($1) - peak) }
    self.label = label
    score = logits[label]
    probability = exponential(Double(logits[label]) - peak) / total
    named = logits.indices.first { Double(logits[$0]) == peak } ?? 0
  }

  /// Whether the model names the class.
  public var isNamed: Bool { named == label }
}
