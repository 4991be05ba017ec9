import AdvTensor
import AdvThreat

/// Adversarial patch — Brown et al. 2017, arXiv:1712.09665.
///
/// One picture P for all images: Adam ascends the expected loss of (1 − M) x + M · T(P) over images, places,
/// angles and scales T. Each image then gets P at random places, of which the one with the largest margin counts.
/// The last part of the images is held out; the notes say how many of them P fools.
public struct Patch: Attack {
  /// The outline.
  public enum Outline: String, CaseIterable, Sendable {
    /// The largest circle of the window.
    case circle
    /// The whole window.
    case square
  }

  /// The side of the patch over the image's shorter side.
  public var share: Float = 0.4
  /// Steps of Adam.
  public var steps = 500
  /// Images of one step.
  public var batch = 16
  /// Adam's rate: five levels of 255.
  public var rate: Float = 0.02
  /// The largest angle to either side.
  public var degrees: Float = 22.5
  /// The smallest scale; the largest is 1.
  public var smallest: Float = 0.5
  /// The outline.
  public var outline = Outline.circle
  /// Places that are tried on every image.
  public var places = 4
  /// The share of the images that the patch is made from.
  public var training: Float = 0.5
  /// The loss to ascend.
  public var loss: LossChoice = .crossEntropy

  /// A circle over an eighth of a square image, learnt in five hundred steps.
  public init() {}

  /// Pixels inside one window.
  public var threat: Threat? { .patch(share: share) }

  /// Learns the patch and puts it onto every image.
  public func run(
    _ problem: AttackProblem, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    var shared = try SharedPerturbation(problem, share: training, on: oracle)
    let size = ImageSize(problem.images.shape.droppingFirst())
    let side = Threat.windowSide(share: share, in: size)
    let grey = problem.box.lower + problem.box.width / 2
    var picture = [Float](repeating: grey, count: size.channels * side * side)
    var adam = Adam(count: picture.count, rate: Double(rate))
    let stream = RandomStream(seed: problem.seed, 0x9A7C)
    for step in 0..<steps where !shared.training.isEmpty && !problem.isTimeOver {
      var draws = stream.substream(UInt64(step))
      let rows = (0..<batch).map { _ in
        shared.training[draws.integer(below: shared.training.count)]
      }
      let slope = try slope(of: picture, side, problem.rows(rows), size, &draws, on: oracle)
      for image in rows {
        shared.records[image].forwardPasses += 1
        shared.records[image].backwardPasses += 1
      }
      for image in Set(rows) { shared.records[image].steps += 1 }
      for index in picture.indices {
        picture[index] = problem.box.clamp(picture[index] + Float(adam.move(index, along: slope[index])))
      }
    }
    return try place(picture, side, problem, size, &shared, on: oracle)
  }

  private func placement(_ side: Int, _ size: ImageSize, _ draws: inout RandomStream) -> PatchPlacement {
    PatchPlacement(side: side, in: size, outline, degrees: degrees, smallest: smallest, &draws)
  }

  /// The slope of the summed losses of some images under random placements.
  private func slope(
    of picture: [Float], _ side: Int, _ part: AttackProblem, _ size: ImageSize, _ draws: inout RandomStream,
    on oracle: any GradientOracle
  ) throws(ThreatError) -> [Double] {
    var x = part.images
    var placements: [PatchPlacement] = []
    for row in 0..<part.count {
      placements.append(placement(side, size, &draws))
      placements[row].paint(picture, side, onto: &x, row: row, size)
    }
    oracle.announce(.search(0), of: part.ids)
    let here = try oracle.lossGradient(at: x, loss, part.criterion)
    var sum = [Double](repeating: 0, count: picture.count)
    for row in placements.indices { placements[row].collect(here.gradient, row: row, side, into: &sum, size) }
    return sum
  }

  /// The worst of a few random placements per image, drawn from the image's own stream.
  private func place(
    _ picture: [Float], _ side: Int, _ problem: AttackProblem, _ size: ImageSize,
    _ shared: inout SharedPerturbation, on oracle: any GradientOracle
  ) throws(ThreatError) -> AttackResult {
    let rows = shared.training + shared.heldOut
    let part = problem.rows(rows)
    var images = problem.images
    var isBroken = rows.map { _ in false }
    for (row, image) in rows.enumerated() {
      let one = part.rows([row])
      let result = try QuerySearch.run(one, loss: .margin, on: oracle) { (search) throws(ThreatError) in
        for number in 0..<places {
          var draws = search.stream(number)
          var x = one.images
          placement(side, size, &draws).paint(picture, side, onto: &x, row: 0, size)
          guard try search.loss(of: x.elements, on: oracle) != nil else { return }
        }
      }
      isBroken[row] = try shared.areMet([image], result.images, problem, on: oracle)[0]
      images.setRow(image, to: result.images, row: 0)
      shared.records[image].add(result.records[0])
    }
    let lossNote = problem.loss(loss, classCount: oracle.classCount).note
    return AttackResult(
      images: images, records: shared.records,
      notes: [shared.note("a patch of \(side) × \(side) px", isBroken), lossNote].compactMap(\.self))
  }
}

extension Patch {
  /// The adversarial patch.
  public static let card = AttackCard(
    "patch", "Adversarial patch", paper: "arXiv:1712.09665",
    rule: "P <- P + Adam(grad of mean loss((1 - M) x + M T(P))) over images, places, angles and scales T",
    norms: [.l0], kind: .threat, access: .gradients, scope: .problem)

  /// The table of parameters.
  public static let parameters: [Parameter<Patch>] = [
    .float("share", \.share, in: 0.01...1, "Side of the patch over the image's shorter side."),
    .int("steps", \.steps, in: 1...1_000_000, "Steps of Adam."),
    .int("batch", \.batch, in: 1...100_000, "Images of one step."),
    .float("rate", \.rate, in: 1e-6...1, "Adam's rate."),
    .float("degrees", \.degrees, in: 0...180, "Largest angle to either side."),
    .float("smallest", \.smallest, in: 0.1...1, "Smallest scale; the largest is 1."),
    .choice("outline", \.outline, "Circle or square."),
    .int("places", \.places, in: 1...100_000, "Places that are tried on every image."),
    .float("training", \.training, in: 0.01...1, "Share of the images that it is made from."),
    .choice("loss", \.loss, "Objective to ascend."),
  ]
}
