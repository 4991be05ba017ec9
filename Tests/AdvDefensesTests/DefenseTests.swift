import AdvConformance
import AdvFormats
import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvDefenses

@Suite struct DefenseTests {
  /// The catalogue's defences as these laws can take them: with fewer draws, and with members where they need any.
  static let defenses: [String] = [
    "bit-depth", "bit-depth:bits=1", "jpeg:quality=60", "median:size=2", "median", "gaussian:sigma=0.7",
    "tv:steps=12,samples=2,draws=2", "tv:drop=0.2,steps=5,draws=1", "thermometer",
    "resize-pad:smallest=0.6,samples=3",
    "noise-voting:sigma=0.1,samples=3,draws=3", "smoothing:samples=9,draws=5", "ensemble:models=other",
    "feature-squeezing:bits=8,size=3,threshold=0.01", "feature-squeezing:size=3,threshold=2",
  ]

  /// What changes the network itself cannot be tried on a formula; suites of their own do.
  static let inside = ["dropout", "mahalanobis"]

  static let context: DefenseContext = {
    var context = DefenseContext(seed: 5)
    context.members["other"] = {
      var stream = RandomStream(seed: 900)
      return LinearOracle(random: &stream, classes: 4, imageShape: [3, 9, 8])
    }
    return context
  }()

  @Test(arguments: defenses)
  func `keeps the laws of defences`(_ text: String) throws {
    let problems = try checkDefense(try DefenseCatalog.defense(text), Self.context)
    #expect(problems.isEmpty, "\(text): \(problems.joined(separator: "\n"))")
  }

  @Test func `every file of a defence is in the catalogue, and every entry is tried`() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/AdvDefenses").standardized
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Defense") }
    #expect(files.count == DefenseCatalog.all.count)
    let tried = Set(Self.defenses.map { String($0.prefix { $0 != ":" }) })
    for entry in DefenseCatalog.all {
      #expect(tried.contains(entry.card.id) || Self.inside.contains(entry.card.id), "\(entry.card.id)")
      #expect(!entry.card.rule.isEmpty && !entry.card.paper.isEmpty)
    }
  }

  @Test func `a law is broken by a defence that breaks it`() throws {
    #expect(try !checkDefense(Neighbourly()).isEmpty)
  }

  /// Adds the number of the image in its batch.
  private struct Neighbourly: Defense {
    static let card = DefenseCard("n", "n", paper: "n", rule: "n", gradient: .exact)
    static let parameters: [Parameter<Neighbourly>] = []

    func guarding(
      _ base: any GradientOracle, _ context: DefenseContext
    ) throws(ThreatError) -> any GradientOracle { Counting(base) }

    private final class Counting: GradientOracle, WrappingOracle {
      let base: any GradientOracle
      init(_ base: any GradientOracle) { self.base = base }
      var wrapped: any LabelOracle { base }
      func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
        try base.logits(images, into: &logits)
        for index in 0..<logits.count { logits[index] += Float(index) }
      }
      func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
        try base.linearize(at: images, logits: &logits)
      }
      func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
        try base.pullback(cotangent, into: &gradient)
      }
    }
  }

  // MARK: - Against other programs

  private func fixture() throws -> TensorArchive {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Safetensors.read(root.appending(path: "Fixtures/defenses/filters.safetensors").path)
  }

  @Test(arguments: ["colour", "grey"])
  func `filters agree with Pillow and SciPy`(_ name: String) throws {
    let archive = try fixture()
    let image = try #require(archive[name])
    for (setting, tolerance) in [
      ("jpeg.75", Float(0)), ("jpeg.20", 0), ("median.2", 0), ("median.3", 0), ("median.5", 0),
      ("gaussian.0.8", 1e-6), ("gaussian.2.0", 1e-6),
    ] {
      let parts = setting.split(separator: ".", maxSplits: 1)
      let key = ["jpeg": "quality", "median": "size", "gaussian": "sigma"][String(parts[0])] ?? ""
      let defense = try DefenseCatalog.defense("\(parts[0]):\(key)=\(parts[1])")
      let filter = try #require(defense as? any ImageFilter)
      let planes = Planes(ImageSize(image.shape), image.elements)
      let ours = try filter.apply(to: planes, RandomStream(seed: 0)).values
      let theirs = try #require(archive["\(name).\(setting)"]).elements
      let gap = zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity
      #expect(gap <= tolerance, "\(name) \(setting): \(gap)")
    }
  }

  // MARK: - Closed forms

  @Test(arguments: [1, 2, 3, 4, 9])
  func `the median and its gradient are those of a stable sort, ties included`(_ side: Int) {
    var filter = MedianFilter()
    filter.size = side
    var stream = RandomStream(seed: 5)
    for shape in [Shape([2, 5, 7]), [1, 1, 1], [3, 2, 3]] {
      let size = ImageSize(shape)
      // Five levels only: most windows hold their median more than once.
      let image = Planes(size, (0..<size.count).map { _ in (stream.uniform(0, 1) * 4).rounded() / 4 })
      let cotangent = Planes(size, (0..<size.count).map { _ in stream.uniform(-1, 1) })
      var (medians, gradient) = (Planes(size), Planes(size))
      for place in 0..<size.count {
        let (channel, row, column) = (
          place / size.width / size.height, place / size.width % size.height, place % size.width
        )
        let window = (0..<side * side).map { entry in
          size.offset(
            channel, Mirror.place(row + entry / side - side / 2, size.height),
            Mirror.place(column + entry % side - side / 2, size.width))
        }
        // Swift's sort is stable.
        let chosen = window.sorted { image.values[$0] < image.values[$1] }[window.count / 2]
        medians.values[place] = image.values[chosen]
        gradient.values[chosen] += cotangent.values[place]
      }
      let draws = RandomStream(seed: 0)
      #expect(filter.apply(to: image, draws).values == medians.values)
      #expect(filter.pullback(cotangent, at: image, draws).values == gradient.values)
    }
  }

  @Test(arguments: [Float(0.01), 0.03, 0.1])
  func `total variation lowers a step by its price over the widths of both sides`(_ weight: Float) throws {
    var filter = TotalVariation()
    (filter.weight, filter.drop, filter.steps) = (weight, 0, 4000)
    // Every row is the same: 4 columns of 0.2, then 8 of 0.9. The minimiser is 0.2 + λ/4 and 0.9 − λ/8.
    let size = ImageSize([1, 5, 12])
    let step = Planes(size, (0..<60).map { $0 % 12 < 4 ? 0.2 : 0.9 })
    let result = filter.apply(to: step, RandomStream(seed: 0))
    for (index, value) in result.values.enumerated() {
      let expected = index % 12 < 4 ? 0.2 + weight / 4 : 0.9 - weight / 8
      #expect(abs(value - expected) < 1e-4, "column \(index % 12): \(value), expected \(expected)")
    }
  }

  @Test func `total variation restores forgotten pixels of a flat image`() throws {
    var filter = TotalVariation()
    (filter.drop, filter.steps) = (0.5, 10)
    let flat = Planes(ImageSize([3, 6, 6]), filledWith: 0.4)
    let restored = filter.apply(to: flat, RandomStream(seed: 1))
    #expect(restored.values.allSatisfy { abs($0 - 0.4) < 1e-6 })
  }

  @Test func `levels are those that are left`() throws {
    let ramp = Planes(ImageSize([1, 1, 256]), (0..<256).map { Float($0) / 255 })
    for (bits, levels) in [(1, 2), (3, 8), (8, 256)] {
      var filter = BitDepth()
      filter.bits = bits
      #expect(Set(filter.apply(to: ramp, RandomStream(seed: 0)).values).count == levels)
    }
    var code = Thermometer()
    code.levels = 4
    let shown = code.apply(to: Planes(ImageSize([1, 1, 5]), [0, 0.1, 0.25, 0.26, 1]), RandomStream(seed: 0))
    #expect(shown.values == [0, 0.25, 0.25, 0.5, 1])
  }

  @Test func `a vote counts, ties stay ties, and what is not finite spoils its image alone`() throws {
    var tally = Tally(.majority, rows: 3, classes: 3)
    tally.add(Tensor([3, 3], [3, 1, 0, 0, 5, 1, 0, 1, .nan]))
    tally.add(Tensor([3, 3], [0, 4, 1, 1, 9, 2, 0, 1, 2]))
    let z = tally.logits
    #expect(z[0] == z[1] && z[1] > z[2])
    #expect(z[4] > z[3])
    #expect(z[6].isNaN && z[8].isNaN)
    let shares = (0..<3).map { exp(Double(z[3 + $0])) }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-6)
  }

  // MARK: - Chains

  @Test func `an image meets the defences of a chain in their order`() throws {
    // Halving levels and then smoothing leaves values in between; the other order leaves two.
    let seen = try ["gaussian:sigma=2+bit-depth:bits=1", "bit-depth:bits=1+gaussian:sigma=2"].map { text in
      let last = Recorder(shape: [1, 8, 8])
      let oracle = try DefenseChain(parsing: text).guarding(last, DefenseContext())
      _ = try oracle.logits(Tensor([1, 1, 8, 8], (0..<64).map { Float($0) / 63 }))
      return Set(last.images.elements).count
    }
    #expect(seen[0] == 2 && seen[1] > 2)
  }

  @Test func `a search that does not know of the defence sees the model, the verdict does not`() throws {
    let text = "bit-depth:bits=1" + DefenseChain.unknownToAttacker
    let last = Recorder(shape: [1, 2, 2])
    let oracle = try DefenseChain(parsing: text).guarding(last, DefenseContext())
    let image = Tensor([1, 1, 2, 2], [0.1, 0.4, 0.6, 0.9])
    oracle.announce(.search(0), of: [1])
    _ = try oracle.logits(image)
    #expect(last.images == image)
    _ = try oracle.verdictLogits(image, of: [1])
    #expect(last.images.elements == [0, 0, 1, 1])
  }

  @Test func `random parts behind each other get names of their own`() throws {
    let chain = try DefenseChain(parsing: "noise-voting:samples=2,draws=2+noise-voting:samples=2,draws=2")
    let last = Recorder(shape: [1, 2, 2])
    let oracle = try chain.guarding(last, DefenseContext(seed: 3))
    oracle.announce(.search(0), of: [8])
    _ = try oracle.logits(Tensor([1, 1, 2, 2], filledWith: 0.5))
    #expect(last.images.rowCount == 4)
    #expect(Set((0..<4).map { last.images[4 * $0] }).count == 4)
  }

  @Test func `a defence with random numbers wants to know whose`() throws {
    let oracle = try NoiseVoting().guarding(Recorder(shape: [1, 2, 2]), DefenseContext())
    #expect(throws: ThreatError.self) { try oracle.logits(Tensor([1, 1, 2, 2])) }
  }

  @Test(arguments: [
    ("jpg", "jpeg"), ("jpeg:quality=0", "1…100"), ("none+jpeg", "joined by +"), ("jpeg+", "joined by +"),
    ("ensemble", "at least one"), ("ensemble:models=ghost", "loaded"), ("median:sise=3", "size"),
  ])
  func `what cannot be is refused in words`(_ text: String, _ hint: String) throws {
    do {
      _ = try DefenseChain(parsing: text).guarding(Recorder(shape: [1, 2, 2]), DefenseContext())
      Issue.record("\(text) was taken")
    } catch {
      #expect("\(error)".contains(hint), "\(error)")
    }
  }
}

/// A model that keeps what it was shown.
final class Recorder: GradientOracle {
  let domain: InputDomain
  let classCount = 3
  let rejectedClass: Int? = nil
  private(set) var images = Tensor([0])

  init(shape: Shape) { domain = InputDomain(imageShape: shape) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    self.images = images
    logits = Tensor([images.rowCount, classCount])
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    gradient = Tensor(images.shape)
  }
}
