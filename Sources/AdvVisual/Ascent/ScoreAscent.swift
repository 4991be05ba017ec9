import AdvTensor
import AdvThreat

/// Class-score maximisation: the image that a model takes most of all for a class — Simonyan, Vedaldi &
/// Zisserman 2013, arXiv:1312.6034, section 2.
///
/// x ← argmax of S_c(T x) − λ ‖x − ½‖² − τ TV(x) by Adam, where T is a small random shift, rotation and
/// scaling that is drawn anew for every step: what survives them all is not bound to single pixels.
/// Within a ball around a given image the result is a fooling image.
public struct ScoreAscent: Sendable {
  /// What is made large.
  public enum Objective: String, CaseIterable, Sendable {
    /// The unnormalised score: it cannot grow by lowering other classes.
    case score
    /// The logarithm of the softmax probability.
    case probability
    /// The score over the largest other one.
    case margin
  }

  /// Where the ascent begins when no image is given.
  public enum Start: String, CaseIterable, Sendable {
    /// Grey with a little noise, of its own for each class.
    case noise
    /// Plain grey.
    case grey
  }

  /// What the numbers are that the ascent moves.
  public enum Parametrisation: String, CaseIterable, Sendable {
    /// The pixels.
    case pixels
    /// Fourier coefficients of decorrelated colours; see `FourierImage`.
    case fourier
  }

  /// Steps of Adam.
  public var steps = 256
  /// Adam's step length: in pixels of 0…1, or in coefficients.
  public var rate: Float = 0.05
  /// What is made large.
  public var objective = Objective.score
  /// Where the ascent begins when no image is given.
  public var start = Start.noise
  /// What the numbers are that the ascent moves.
  public var parametrisation = Parametrisation.fourier
  /// Weight of the squared distance from grey.
  public var decay: Float = 0  // λ
  /// Weight of the total variation.
  public var variation: Float = 0  // τ
  /// Standard deviation of the blur, in pixels; for pixels only.
  public var blur: Float = 0
  /// A blur every so many steps.
  public var blurEvery = 8
  /// The largest shift of a step, in pixels.
  public var jitter = 0
  /// The largest rotation of a step, in degrees.
  public var rotation: Float = 0
  /// The largest change of size of a step: 0.1 is from 1/1.1 to 1.1.
  public var scaling: Float = 0
  /// How many moments of the ascent are kept, the first and the last among them.
  public var frames = 8
  /// Fixes every random draw; each class has its own.
  public var seed: UInt64 = 0

  /// The plain ascent without priors.
  public init() {}

  /// Images to begin with, and how far they may be moved.
  public struct Origin: Sendable {
    /// One image per class `[n, C, H, W]`; within a ball they lie on the lattice.
    public var images: Tensor
    /// The ball, nil for any distance.
    public var ball: Ball?

    /// Images and, perhaps, a ball.
    public init(images: Tensor, ball: Ball? = nil) { (self.images, self.ball) = (images, ball) }
  }

  /// Climbs for one class per row; every row has its own draws and step sizes.
  ///
  /// - Parameters:
  ///   - classes: what each row is to be taken for.
  ///   - shape: `[C, H, W]`, the size of the images.
  ///   - origin: what to begin with instead of noise or grey; one image per class.
  /// - Throws: for settings that exclude each other, for classes that the model does not have, and for
  ///   scores that are not finite.
  public func climb(
    _ classes: [Int], shape: Shape, from origin: Origin? = nil, on oracle: any GradientOracle
  ) throws(ThreatError) -> Ascent {
    try check(classes, shape, origin, on: oracle)
    var state = AscentState(self, classes, shape, origin)
    var ascent = Ascent(classes: classes, objective: objective)
    for step in 0...steps {
      if isShown(step) { try ascent.add(state.images, step: step, origin, on: oracle) }
      if step < steps { try state.advance(step: step, on: oracle) }
    }
    return ascent
  }

  /// Frames stand at equal distances.
  private func isShown(_ step: Int) -> Bool {
    let gaps = Swift.max(1, frames - 1)
    return step == steps || (0..<gaps).contains { $0 * steps / gaps == step }
  }

  private func check(
    _ classes: [Int], _ shape: Shape, _ origin: Origin?, on oracle: any GradientOracle
  ) throws(ThreatError) {
    if let bad = classes.first(where: { $0 < 0 || $0 >= oracle.classCount }) {
      throw .mismatch(what: "class", got: "\(bad)", expected: "0…\(oracle.classCount - 1)")
    }
    guard shape.rank == 3 else {
      throw .mismatch(what: "images", got: "\(shape)", expected: "[channels, height, width]")
    }
    if let origin, origin.images.shape != shape.prepending(classes.count) {
      throw .mismatch(
        what: "images to begin with", got: "\(origin.images.shape)",
        expected: "\(shape.prepending(classes.count))")
    }
    guard parametrisation == .fourier else { return }
    if origin?.ball != nil {
      throw .unsupported(
        attack: "maximize", what: "a radius in Fourier coefficients",
        remedy: "choose the parametrisation pixels")
    }
    if blur > 0 {
      throw .unsupported(
        attack: "maximize", what: "a blur of Fourier coefficients",
        remedy: "choose the parametrisation pixels")
    }
  }
}
