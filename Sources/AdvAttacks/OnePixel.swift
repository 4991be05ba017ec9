import AdvTensor
import AdvThreat

/// One-pixel attack — Su, Vargas & Sakurai 2017, arXiv:1710.08864.
///
/// Differential evolution (rand/1/bin) over places and colours of a few pixels: child = a + F (b − c) of three
/// random parents, which replaces its elder where the label's probability is lower. Ends at the first success.
public struct OnePixel: Attack {
  /// Pixels that may change.
  public var pixels = 1
  /// Candidates of a generation.
  public var population = 400
  /// Generations after the first.
  public var generations = 100
  /// The weight of the difference of two parents.
  public var factor: Float = 0.5  // F
  /// The probability that a number of the child is the mutant's.
  public var crossover: Float = 1

  /// The paper's constants.
  public init() {}

  /// Whole pixels, in all their channels.
  public var threat: Threat? { .pixels(pixels) }

  /// Evolves candidates, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, loss: .exactCrossEntropy, on: oracle) { (search) throws(ThreatError) in
      let genome = Genome(search.size, search.problem.box, pixels: pixels)
      var stream = search.stream()
      var elders = (0..<population).map { _ in genome.draw(&stream) }
      let original = search.original
      guard
        var values = try search.losses(of: population, on: oracle, { genome.image(elders[$0], original) })
      else { return }
      for _ in 0..<generations {
        let children = elders.indices.map { child(of: $0, elders, genome, &stream) }
        let reached = try search.losses(of: population, on: oracle) { genome.image(children[$0], original) }
        guard let reached else { return }
        search.countStep()
        for index in elders.indices where reached[index] >= values[index] {
          (elders[index], values[index]) = (children[index], reached[index])
        }
      }
    }
  }

  private func child(
    of index: Int, _ elders: [[Float]], _ genome: Genome, _ stream: inout RandomStream
  ) -> [Float] {
    var parents: [Int] = []
    while parents.count < 3 {
      let parent = stream.integer(below: elders.count)
      if parent != index, !parents.contains(parent) { parents.append(parent) }
    }
    let (a, b, c) = (elders[parents[0]], elders[parents[1]], elders[parents[2]])
    let certain = stream.integer(below: a.count)
    return a.indices.map { gene in
      guard gene == certain || stream.uniform() < crossover else { return elders[index][gene] }
      let value = a[gene] + factor * (b[gene] - c[gene])
      let (low, high) = genome.range(gene)
      // A mutant outside its range is drawn anew: cutting it would gather pixels at the edge.
      return value >= low && value < high ? value : stream.uniform(low, high)
    }
  }

  /// Rows, columns and colours of the pixels, in that order for each.
  private struct Genome {
    let size: ImageSize
    let box: Box
    let pixels: Int

    init(_ size: ImageSize, _ box: Box, pixels: Int) {
      (self.size, self.box, self.pixels) = (size, box, pixels)
    }

    func range(_ gene: Int) -> (Float, Float) {
      switch gene % (2 + size.channels) {
      case 0: (0, Float(size.height))
      case 1: (0, Float(size.width))
      default: (box.lower, box.upper)
      }
    }

    /// A uniform place; colours are normal around the middle with half the box as deviation, as in the paper.
    func draw(_ stream: inout RandomStream) -> [Float] {
      (0..<pixels * (2 + size.channels)).map { gene in
        let (low, high) = range(gene)
        guard gene % (2 + size.channels) > 1 else { return stream.uniform(low, high) }
        return box.clamp(low + (high - low) * (0.5 + 0.5 * stream.normal()))
      }
    }

    func image(_ genes: [Float], _ original: [Float]) -> [Float] {
      var image = original
      for start in Swift.stride(from: 0, to: genes.count, by: 2 + size.channels) {
        let row = Swift.min(Int(genes[start]), size.height - 1)
        let column = Swift.min(Int(genes[start + 1]), size.width - 1)
        for channel in 0..<size.channels {
          image[size.offset(channel, row, column)] = genes[start + 2 + channel]
        }
      }
      return image
    }
  }
}

extension OnePixel {
  /// The one-pixel attack.
  public static let card = AttackCard(
    "onepixel", "One-pixel attack", paper: "arXiv:1710.08864",
    rule:
      "child = a + F (b - c) over places and colours of pixels; it replaces its elder if p(label) is lower",
    norms: [.l0], kind: .threat, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<OnePixel>] = [
    .int("pixels", \.pixels, in: 1...100_000, "Pixels that may change."),
    .int("population", \.population, in: 4...100_000, "Candidates of a generation."),
    .int("generations", \.generations, in: 0...100_000, "Generations after the first."),
    .float("factor", \.factor, in: 0...2, "Weight of the difference of two parents."),
    .float("crossover", \.crossover, in: 0...1, "Probability that a number is the mutant's."),
  ]
}
