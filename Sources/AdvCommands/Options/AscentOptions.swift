import AdvEvaluation
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import AdvVisual
import ArgumentParser

/// What is climbed, from where, and what keeps the image a picture.
struct AscentOptions: ParsableArguments {
  @Option(
    name: .customLong("class"),
    help: ArgumentHelp(
      "The class by index or label, several of them (a,b,c), all, or random:20 for as many that --seed draws, "
        + "none of them what --from shows.", valueName: "class"))
  var classes: String

  @Option(help: ArgumentHelp("An image to begin with (PNG or JPEG): a fooling image.", valueName: "file"))
  var from: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("With --from: no pixel changes by more, as in 4/255.", valueName: "eps"))
  var eps: String?

  @Option(help: ArgumentHelp("Without --from: noise or grey.", valueName: "start"))
  var start = ScoreAscent.Start.noise.rawValue

  @Option(
    help: ArgumentHelp(
      "score (unnormalised), probability, or margin over the strongest other class, which may be a near twin "
        + "(the default with --eps).", valueName: "what"))
  var objective: String?

  @Option(help: ArgumentHelp("fourier, or pixels (the default with --from).", valueName: "numbers"))
  var parametrisation: String?

  @Option(help: ArgumentHelp("Steps of Adam.", valueName: "n"))
  var steps = 256

  @Option(help: ArgumentHelp("Adam's step length (default: 0.05, of pixels 0.02, with --eps a tenth of it)."))
  var rate: Float?

  @Option(help: ArgumentHelp("Weight of the squared distance from grey (L2 decay)."))
  var decay: Float = 0

  @Option(help: ArgumentHelp("Weight of the total variation."))
  var variation: Float = 0

  @Option(help: ArgumentHelp("Standard deviation of a Gaussian blur in pixels; only of pixels."))
  var blur: Float = 0

  @Option(help: ArgumentHelp("Blur every so many steps.", valueName: "n"))
  var blurEvery = 8

  @Option(help: ArgumentHelp("Largest random shift of a step in pixels (default: 1/28 of the side)."))
  var jitter: Int?

  @Option(help: ArgumentHelp("Largest random rotation of a step in degrees (default: 5)."))
  var rotation: Float?

  @Option(help: ArgumentHelp("Largest random change of size of a step (default: 0.05)."))
  var scaling: Float?

  @Option(help: ArgumentHelp("Moments of the ascent on the strip.", valueName: "n"))
  var frames = 8

  @Option(help: ArgumentHelp("Fixes every random draw."))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Arithmetic of the ascent: exact, fast or bf16. What is said of the PNG is always exact.",
      valueName: "name"))
  var precision = Precision.fast

  func validate() throws {
    if eps != nil && from == nil { throw ValidationError("--eps needs an image to begin with: give --from.") }
    for (name, value, range) in [
      ("--steps", steps, 1...1_000_000), ("--frames", frames, 2...64),
      ("--blur-every", blurEvery, 1...1_000_000),
      ("--jitter", jitter ?? 0, 0...4_096),
    ] where !range.contains(value) {
      throw ValidationError("\(name) is \(value), expected \(range.lowerBound)…\(range.upperBound).")
    }
    for (name, value, limit) in [
      ("--rate", rate ?? 0.01, Float(100)), ("--decay", decay, 1e6), ("--variation", variation, 1e6),
      ("--blur", blur, 100), ("--rotation", rotation ?? 0, 180), ("--scaling", scaling ?? 0, 1),
    ] where !(value >= 0 && value <= limit) {
      throw ValidationError("\(name) is \(value), expected 0…\(limit).")
    }
  }

  /// The classes by index; a draw leaves out the one that the image to begin with is taken for.
  func labels(of model: Model, drawnWithout start: Int?) throws -> [Int] {
    if classes == "all" { return Array(0..<model.classCount) }
    if classes.hasPrefix("random:") {
      return try drawn(String(classes.dropFirst(7)), from: (0..<model.classCount).filter { $0 != start })
    }
    // A label may hold commas itself.
    if model.card.labels?.contains(classes) == true { return [try ClassNames.index(of: classes, in: model)] }
    let labels = try Lists.words(classes, option: "--class").map { try ClassNames.index(of: $0, in: model) }
    if Set(labels).count < labels.count {
      throw InputError("--class \(classes): names a class twice; each has one picture.")
    }
    return labels
  }

  /// So many different classes, in the order drawn.
  private func drawn(_ number: String, from classes: [Int]) throws -> [Int] {
    guard let count = Int(number), 1...classes.count ~= count else {
      throw InputError(
        "--class random:\(number): expected a number of classes, 1…\(classes.count), as in random:20.")
    }
    var (left, stream) = (classes, RandomStream(seed: seed, 0xF001))
    return (0..<count).map { _ in left.remove(at: stream.integer(below: left.count)) }
  }

  /// The radius around the image to begin with.
  func epsilon() throws -> Epsilon? { try eps.map { try Epsilon($0) } }

  /// The ascent for images of a height. Within a radius the image is looked at as it is, not warped.
  func ascent(height: Int) throws -> ScoreAscent {
    var ascent = ScoreAscent()
    ascent.start = try Lists.choice(start, option: "--start")
    ascent.objective =
      try objective.map { try Lists.choice($0, option: "--objective") } ?? (eps == nil ? .score : .margin)
    ascent.parametrisation =
      try parametrisation.map { try Lists.choice($0, option: "--parametrisation") }
      ?? (from == nil ? .fourier : .pixels)
    let radius = try epsilon().map { Float($0.value) }
    ascent.rate = rate ?? radius.map { $0 / 10 } ?? (ascent.parametrisation == .fourier ? 0.05 : 0.02)
    ascent.jitter = jitter ?? (radius == nil ? max(1, height / 28) : 0)
    ascent.rotation = rotation ?? (radius == nil ? 5 : 0)
    ascent.scaling = scaling ?? (radius == nil ? 0.05 : 0)
    (ascent.steps, ascent.frames, ascent.seed) = (steps, frames, seed)
    (ascent.decay, ascent.variation) = (decay, variation)
    (ascent.blur, ascent.blurEvery) = (blur, blurEvery)
    return ascent
  }

  /// The options that make the same ascent again.
  func arguments(_ ascent: ScoreAscent) -> [String] {
    var words = ["--class", classes]
    if let from { words += ["--from", from] } else { words += ["--start", start] }
    if let eps { words += ["--eps", eps] }
    let numbers: [(String, String)] = [
      ("objective", ascent.objective.rawValue), ("parametrisation", ascent.parametrisation.rawValue),
      ("steps", "\(steps)"),
      ("rate", "\(ascent.rate)"), ("decay", "\(decay)"), ("variation", "\(variation)"), ("blur", "\(blur)"),
      ("blur-every", "\(blurEvery)"), ("jitter", "\(ascent.jitter)"), ("rotation", "\(ascent.rotation)"),
      ("scaling", "\(ascent.scaling)"), ("frames", "\(frames)"), ("seed", "\(seed)"),
    ]
    for (name, value) in numbers { words += ["--\(name)", value] }
    return words + ["--precision", precision.rawValue]
  }
}
