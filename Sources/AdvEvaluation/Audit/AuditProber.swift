import AdvTensor
import AdvThreat

/// Looks at one image of a subject more closely than the run's attacks do. No result depends on other images.
struct AuditProber {
  /// Images among which the nearest one of another class is looked for.
  static let others = 512

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
    let missing = try missingGradients(image, max(item.label, 0), key)
    var probe = AuditProbe(
      isRight: clean.isCorrect, repetition: try repetition(image, logits, key),
      instability: try instability(item, max(item.label, 0), key),
      isProbability: Self.isProbability(logits), hasNoGradient: missing.crossEntropy,
      hasNoMarginGradient: missing.margin,
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

  private func missingGradients(
    _ image: Tensor, _ label: Int, _ key: UInt64
  ) throws -> (crossEntropy: Bool, margin: Bool) {
    oracle.announce(.search(0), of: [key])
    func isUseless(_ loss: LossChoice) throws -> Bool {
      let found = try oracle.lossGradient(
        at: image, loss, .untargeted([label], rejected: oracle.rejectedClass))
      let values = found.gradient.elements
      return values.allSatisfy { $0 == 0 } || values.contains { !$0.isFinite }
    }
    do {
      return (try isUseless(.crossEntropy), try isUseless(.margin))
    } catch ThreatError.notFinite {
      return (false, false)  // E1 counts logits that are not finite
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
    if run.plan.auditDraws > 0 { probe[.noise] = try noise(item, largest, key) }
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
    return .init(
      attack: attack.specifier, isBroken: result?.outcome == .broken, failure: result?.outcome.reason)
  }

  private func targets(
    _ attack: ConfiguredAttack, _ epsilon: Epsilon, _ item: HeldImages.Item, _ logits: Tensor
  ) throws -> AuditProbe.TrialResult {
    let others = logits.elements.indices.filter { $0 != item.label && $0 != oracle.rejectedClass }.sorted {
      logits[$0] > logits[$1]
    }
    var failure: String?
    for target in others.prefix(AuditTrials.targets) {
      let result = try trial(attack, epsilon, item, target: target)
      if result.isBroken { return result }
      failure = failure ?? result.failure
    }
    return .init(attack: attack.specifier, isBroken: false, failure: failure)
  }

  /// Random points of the ball, as a file holds them, until one breaks the image.
  private func noise(
    _ item: HeldImages.Item, _ epsilon: Epsilon, _ key: UInt64
  ) throws -> AuditProbe.TrialResult {
    let rounding = EpsilonRounding(rawValue: run.plan.rounding) ?? .strict
    let (draws, points) = (run.plan.auditDraws, points(around: item, key))
    var isBroken = false
    for start in stride(from: 0, to: draws, by: RandomPoints.batch) where !isBroken {
      let numbers = start..<min(start + RandomPoints.batch, draws)
      let files = Lattice.quantise(
        points.points(numbers, in: epsilon.ball), around: points.copies(numbers.count), rounding)
      oracle.announce(.verdict, of: numbers.map { _ in key })
      isBroken = try oracle.labels(files).contains { $0 != item.label && $0 != oracle.rejectedClass }
    }
    return .init(attack: "\(draws) draws of noise", isBroken: isBroken)
  }

  /// How much the label's lead over the other classes changes among `neighbours` random points nearby, as a share
  /// of the lead at the image: the mean, at most 1. A refusal is no prediction, so its class is left out.
  private func instability(_ item: HeldImages.Item, _ label: Int, _ key: UInt64) throws -> Double {
    let points = points(around: item, key)
    oracle.announce(.search(0), of: [key])
    let here = leads(try oracle.logits(item.image.asBatch), label)[0]
    var sum = 0.0
    for start in stride(from: 0, to: AuditTrials.neighbours, by: RandomPoints.batch) {
      let numbers = start..<min(start + RandomPoints.batch, AuditTrials.neighbours)
      oracle.announce(.search(0), of: numbers.map { _ in key })
      let there = leads(try oracle.logits(points.nearby(numbers, reach: AuditTrials.reach)), label)
      // A lead of 0 has no share; its changes count as they are.
      sum += there.reduce(0) { $0 + ($1 - here).magnitude / (here == 0 ? 1 : here.magnitude) }
    }
    let mean = sum / Double(AuditTrials.neighbours)
    return mean < 1 ? mean : 1  // NaN, too, is as unstable as can be
  }

  private func leads(_ logits: Tensor, _ label: Int) -> [Double] {
    (0..<logits.rowCount).map { row in
      let values = logits.row(row).elements
      let rivals = values.indices.filter { $0 != label && $0 != oracle.rejectedClass }
      return Double(values[label]) - Double(rivals.map { values[$0] }.max() ?? 0)
    }
  }

  private func points(around item: HeldImages.Item, _ key: UInt64) -> RandomPoints {
    RandomPoints(around: item.image, key: key, seed: run.plan.seed)
  }

  private func nearestOther(_ item: HeldImages.Item) throws -> Double? {
    let source = run.subjects[subject].source
    guard let norm = Norm(rawValue: run.plan.norm) else { return nil }
    var nearest: Double?
    for place in 0..<min(source.count, Self.others) where source.label(place) != item.label {
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
