import AdvTensor
import AdvThreat

/// Looks at one image of a subject more closely than the run's attacks do. No result depends on other images.
struct AuditProber {
  /// Images among which the nearest one of another class is looked for.
  static let neighbours = 512

  private let run: GridRun
  private let subject: Int
  private let oracle: any GradientOracle
  private let trials: AuditTrials

  init(_ run: GridRun, _ subject: Int, _ oracle: any GradientOracle) {
    (self.run, self.subject, self.oracle) = (run, subject, oracle)
    trials = AuditTrials(run.attacks, Norm(rawValue: run.plan.norm) ?? .linf)
  }

  /// The closer look; `isBroken` says whether an attack of the run broke the image at the largest radius.
  func probe(_ item: HeldImages.Item, _ clean: CleanRow, isBroken: Bool) throws -> AuditProbe {
    let key = ImageSource(HeldImages(name: "", items: [item]), isLabelled: true).key(0)
    let image = item.image.asBatch
    let logits = try oracle.verdictLogits(image, of: [key])
    // Without labels a refused image has none, −1.
    let gradients = try zeroGradients(image, max(item.label, 0), key)
    var probe = AuditProbe(
      isRight: clean.isCorrect, repetition: try repetition(image, logits, key),
      isProbability: Self.isProbability(logits), hasNoGradient: gradients.crossEntropy,
      hasNoMarginGradient: gradients.margin,
      isLeft: clean.isCorrect && !isBroken && !run.plan.cells.isEmpty)
    if probe.isLeft { try tryOut(item, logits, key, &probe) }
    if subject == 0, run.plan.data.isLabelled { probe.otherClass = try nearestOther(item) }
    return probe
  }

  private func repetition(_ image: Tensor, _ first: Tensor, _ key: UInt64) throws -> AuditProbe.Repetition {
    guard let random = oracle as? any RandomizedOracle else {
      return try oracle.verdictLogits(image, of: [key]).isIdentical(to: first) ? .same : .differs
    }
    random.fix(.search(0), of: [key])
    let draw = try oracle.logits(image)
    random.fix(.search(0), of: [key])
    guard try oracle.logits(image).isIdentical(to: draw) else { return .differs }
    random.fix(.search(1), of: [key])
    let isSame = try oracle.logits(image).isIdentical(to: draw)
    random.fix(.search(0), of: [key])
    return isSame ? .same : .draws
  }

  private static func isProbability(_ logits: Tensor) -> Bool {
    let values = logits.elements
    return values.allSatisfy { $0 >= 0 && $0 <= 1 } && (values.reduce(0, +) - 1).magnitude < 1e-4
  }

  private func zeroGradients(
    _ image: Tensor, _ label: Int, _ key: UInt64
  ) throws -> (crossEntropy: Bool, margin: Bool) {
    oracle.announce(.search(0), of: [key])
    func isZero(_ loss: LossChoice) throws -> Bool {
      let found = try oracle.lossGradient(
        at: image, loss, .untargeted([label], rejected: oracle.rejectedClass))
      return found.gradient.elements.allSatisfy { $0 == 0 }
    }
    do {
      return (try isZero(.crossEntropy), try isZero(.margin))
    } catch ThreatError.notFinite {
      return (false, false)  // E1 counts what is not finite
    }
  }

  /// The other attacks. Later ones see only what earlier ones of the same question left.
  private func tryOut(
    _ item: HeldImages.Item, _ logits: Tensor, _ key: UInt64, _ probe: inout AuditProbe
  ) throws {
    guard let largest = run.radii.last else { return }
    if let attack = trials.moreSteps { probe[.steps] = try trial(attack, largest, item) }
    if let attack = trials.moreStarts { probe[.starts] = try trial(attack, largest, item) }
    if let attack = trials.square { probe[.square] = try trial(attack, largest, item) }
    probe[.noise] = try noise(item, largest, key)
    if let attack = trials.targeted { probe[.targets] = try targets(attack, largest, item, logits) }
    if let ascent = trials.ascent {
      let problem = try AttackProblem(
        images: item.image.asBatch, criterion: .untargeted([item.label], rejected: oracle.rejectedClass),
        objective: .within(largest.ball),
        ids: [key], seed: run.plan.seed)
      probe.lateGain = try AscentTrace.lateGain(of: ascent, on: problem, oracle)
      for (name, share) in [(AuditProbe.Trial.half, 0.5), (.whole, 1)] {
        guard let radius = trials.radius(share, elements: item.image.shape.elementCount) else { continue }
        if name == .whole, probe[.half]?.isBroken == true { continue }
        probe[name] = try trial(ascent, radius, item)
      }
    }
  }

  private func trial(
    _ attack: ConfiguredAttack, _ epsilon: Epsilon, _ item: HeldImages.Item, target: Int? = nil
  ) throws -> AuditProbe.TrialResult {
    var single = run.attack(attack, within: epsilon, on: [item], of: subject)
    if let target { single.aim = .targeted(target) }
    let batch = AttackBatch(
      run: single, places: 0..<1, oracle: oracle, store: BatchImages(), hurry: StopSignal())
    let result = try batch.result().images.first
    return .init(attack: attack.specifier, isBroken: result?.outcome == .broken)
  }

  private func targets(
    _ attack: ConfiguredAttack, _ epsilon: Epsilon, _ item: HeldImages.Item, _ logits: Tensor
  ) throws -> AuditProbe.TrialResult {
    let others = logits.elements.indices.filter { $0 != item.label && $0 != oracle.rejectedClass }.sorted {
      logits[$0] > logits[$1]
    }
    for target in others.prefix(AuditTrials.targets) {
      let result = try trial(attack, epsilon, item, target: target)
      if result.isBroken { return result }
    }
    return .init(attack: attack.specifier, isBroken: false)
  }

  /// Random corners of the ball (L∞), or random points of it, as a file holds them.
  private func noise(
    _ item: HeldImages.Item, _ epsilon: Epsilon, _ key: UInt64
  ) throws -> AuditProbe.TrialResult {
    let rounding = EpsilonRounding(rawValue: run.plan.rounding) ?? .strict
    var isBroken = false
    for start in stride(from: 0, to: AuditTrials.noiseTries, by: 50) where !isBroken {
      let points = try (start..<start + 50).map { try point(item, epsilon, key, number: $0) }
      let batch = Tensor.stacking(points, rowShape: item.image.shape)
      let originals = Tensor.stacking(points.map { _ in item.image }, rowShape: item.image.shape)
      oracle.announce(.verdict, of: points.map { _ in key })
      isBroken = try oracle.labels(Lattice.quantise(batch, around: originals, rounding)).contains {
        $0 != item.label && $0 != oracle.rejectedClass
      }
    }
    return .init(attack: "\(AuditTrials.noiseTries) draws of noise", isBroken: isBroken)
  }

  private func point(
    _ item: HeldImages.Item, _ epsilon: Epsilon, _ key: UInt64, number: Int
  ) throws -> Tensor {
    if epsilon.norm == .linf {
      var stream = RandomStream(seed: run.plan.seed, key, 1 << 32 + UInt64(number))
      let radius = Float(epsilon.value)
      let corner = item.image.elements.map { min(max($0 + stream.sign() * radius, 0), 1) }
      return Tensor(item.image.shape, corner)
    }
    let problem = try AttackProblem(
      images: item.image.asBatch, criterion: .untargeted([item.label]), objective: .within(epsilon.ball),
      ids: [key], seed: run.plan.seed)
    let search = try Search(problem, loss: .margin, on: oracle)
    return search.randomStart(restart: number, in: epsilon.ball).row(0)
  }

  private func nearestOther(_ item: HeldImages.Item) throws -> Double? {
    let source = run.subjects[subject].source
    guard let norm = Norm(rawValue: run.plan.norm) else { return nil }
    var nearest: Double?
    for place in 0..<min(source.count, Self.neighbours) where source.label(place) != item.label {
      let other = try source.image(place)
      guard other.shape == item.image.shape else { continue }
      let distance = norm.distances(other.asBatch, item.image.asBatch)[0]
      nearest = min(nearest ?? distance, distance)
    }
    return nearest
  }
}

extension Tensor {
  /// An image as a batch of one.
  fileprivate var asBatch: Tensor { reshaped(to: shape.prepending(1)) }
}
