import AdvFormats
import AdvTensor
import AdvThreat

/// One thread's part in a grid: its oracles, and the work on one piece after the other.
final class GridWorker {
  private let run: GridRun
  private let ledger: Ledger
  private let stop: StopSignal
  private var oracles: [Int: any GradientOracle] = [:]

  init(_ run: GridRun, _ ledger: Ledger, _ stop: StopSignal) {
    (self.run, self.ledger, self.stop) = (run, ledger, stop)
  }

  private var plan: GridPlan { run.plan }

  /// What was done since the last word.
  enum Step {
    case results(Int)
    /// Closer looks of the audit; none at its beginning.
    case looks(Int)
  }

  /// Adds what the ledger lacks about these images of a subject; `done` hears of every cell and every closer look.
  func work(on places: [Int], of subject: Int, done: (_ step: Step, _ title: String) -> Void) throws {
    var known = try ledger.known(subject: subject, places: places)
    let hasAll = plan.cells.allSatisfy { known.isBroken[$0]?.count == places.count }
    let conditionsLeft = plan.conditions.isEmpty ? [] : places.filter { !known.conditions.contains($0) }
    let audited = Set(plan.auditPlaces)
    let probesLeft = places.filter { audited.contains($0) && !known.probes.contains($0) }
    if hasAll && known.clean.count == places.count && conditionsLeft.isEmpty && probesLeft.isEmpty { return }
    let oracle = try oracle(of: subject)
    let images = try Dictionary(
      uniqueKeysWithValues: places.map { ($0, try run.subjects[subject].source.image($0)) })
    try predict(places.filter { known.clean[$0] == nil }, images, subject, oracle, &known)
    for cell in plan.cells {
      if stop.isRaised { return }
      let pending = places.filter { known.isBroken[cell]?[$0] == nil }
      guard !pending.isEmpty else { continue }
      let rows = try attack(pending, images, subject, cell, oracle, known)
      for row in rows {
        known.isBroken[cell, default: [:]][row.image] =
          row.isBroken || row.outcome == GridRow.brokenBefore
      }
      done(.results(pending.count), "\(plan.subjects[subject].title), \(plan.title(of: cell))")
    }
    try lookUnderConditions(conditionsLeft, subject, oracle, known)
    if !probesLeft.isEmpty { done(.looks(0), plan.subjects[subject].title) }
    for place in probesLeft {
      if stop.isRaised { return }
      try probe(place, images, subject, oracle, known)
      done(.looks(1), plan.subjects[subject].title)
    }
  }

  /// Looks more closely at an image, for the audit.
  private func probe(
    _ place: Int, _ images: [Int: Tensor], _ subject: Int, _ oracle: any GradientOracle, _ known: Ledger.Known
  ) throws {
    guard let clean = known.clean[place], let image = images[place] else { return }
    let isBroken = plan.cells.contains {
      $0.radius == plan.radii.count - 1 && known.isBroken[$0]?[place] == true
    }
    let prober = AuditProber(run, subject, oracle)
    let probe: AuditProbe
    do {
      probe = try prober.probe(item(place, subject, clean.label, image), clean, isBroken: isBroken)
    } catch let error as ThreatError where error.concernsImages {
      probe = .failed(isRight: clean.isCorrect, error.description)
    }
    try ledger.record(probes: [(place, probe)], subject: subject)
  }

  private func item(_ place: Int, _ subject: Int, _ label: Int, _ image: Tensor) -> HeldImages.Item {
    let source = run.subjects[subject].source
    return HeldImages.Item(
      place: place, id: source.identifier(place), source: source.source(place), label: label, image: image)
  }

  /// The clean predictions of images that have none in the ledger.
  private func predict(
    _ places: [Int], _ images: [Int: Tensor], _ subject: Int, _ oracle: any GradientOracle,
    _ known: inout Ledger.Known
  ) throws {
    guard !places.isEmpty else { return }
    let source = run.subjects[subject].source
    let predictions = try Self.predictions(
      places.compactMap { images[$0] }, places.map(source.key), oracle)
    var rows: [CleanRow] = []
    for (place, prediction) in zip(places, predictions) {
      let row = CleanRow(
        image: place, subject: subject,
        label: source.label(place) ?? prediction.map { $0.label == oracle.rejectedClass ? -1 : $0.label }
          ?? 0,
        predicted: prediction?.label, confidence: prediction.map { Double($0.confidence) })
      known.clean[place] = row
      rows.append(row)
    }
    let facts = places.map {
      Ledger.ImageFacts(
        image: $0, id: source.identifier($0), source: source.source($0), label: source.label($0))
    }
    try ledger.record(clean: rows, facts)
  }

  /// Attacks the images that are right and not broken yet, and records a row for every pending one.
  private func attack(
    _ pending: [Int], _ images: [Int: Tensor], _ subject: Int, _ cell: GridPlan.Cell,
    _ oracle: any GradientOracle, _ known: Ledger.Known
  ) throws -> [GridRow] {
    let before = plan.survivorsOnly ? plan.cells.filter { $0.radius == cell.radius && $0 < cell } : []
    var rows: [Int: GridRow] = [:]
    var items: [HeldImages.Item] = []
    for place in pending {
      guard let clean = known.clean[place], let image = images[place] else { continue }
      let outcome = settled(clean, isBroken: before.contains { known.isBroken[$0]?[place] == true })
      if let outcome {
        rows[place] = GridRow(image: place, subject: subject, cell: cell, outcome: outcome.name)
        rows[place]?.reason = outcome.reason
      } else {
        items.append(item(place, subject, clean.label, image))
      }
    }
    let store = BatchImages()
    let findings = try self.findings(on: items, subject, cell, oracle, store)
    for (item, result) in zip(items, findings.images) {
      rows[item.place] = GridRow(result, image: item.place, subject: subject, cell: cell)
      rows[item.place]?.digest = result.file.flatMap { store.images[$0] }.map(Self.digest)
    }
    try transfer(&rows, items, store, subject)
    let ordered = pending.compactMap { rows[$0] }
    try save(ordered, items, store, subject, cell)
    try ledger.record(
      ordered, subject: subject, cell: cell, pictures: try pictures(rows, items, store),
      notes: findings.notes)
    return ordered
  }

  /// The outcome of an image that needs no attack; nil for the others.
  private func settled(_ clean: CleanRow, isBroken: Bool) -> (name: String, reason: String?)? {
    if clean.predicted == nil {
      return (Outcome.error("").name, "the model has no finite logits for the clean image")
    }
    if !clean.isCorrect { return (Outcome.alreadyWrong.name, nil) }
    return isBroken ? (GridRow.brokenBefore, nil) : nil
  }

  private func findings(
    on items: [HeldImages.Item], _ subject: Int, _ cell: GridPlan.Cell, _ oracle: any GradientOracle,
    _ store: BatchImages
  ) throws -> AttackRun.Findings {
    guard !items.isEmpty else { return AttackRun.Findings(images: [], notes: []) }
    let attack = run.attack(run.attacks[cell.attack], within: run.radii[cell.radius], on: items, of: subject)
    return try AttackBatch(
      run: attack, places: 0..<items.count, oracle: oracle, store: store, hurry: StopSignal()
    ).result()
  }

  /// The result of one image of a row again, and its adversarial image.
  func repeated(_ row: GridRow) throws -> (row: GridRow, image: PixelImage) {
    let source = run.subjects[row.subject].source
    let oracle = try oracle(of: row.subject)
    let image = try source.image(row.image)
    let prediction = try Self.predictions([image], [source.key(row.image)], oracle)[0]
    let item = item(row.image, row.subject, source.label(row.image) ?? prediction?.label ?? 0, image)
    let store = BatchImages()
    let findings = try findings(on: [item], row.subject, row.cell, oracle, store)
    guard let result = findings.images.first, let file = store.images[AttackBatch.file(item.id)] else {
      throw EvaluationError.plan(
        path: ledger.path, problem: "the model no longer takes '\(item.id)' for what it is",
        remedy: "Restore model and images as they were.")
    }
    var again = GridRow(result, image: row.image, subject: row.subject, cell: row.cell)
    again.digest = Self.digest(file)
    return (again, file)
  }

  /// Shows what broke this subject to all the others that take such images.
  private func transfer(
    _ rows: inout [Int: GridRow], _ items: [HeldImages.Item], _ store: BatchImages, _ subject: Int
  ) throws {
    guard plan.transfers else { return }
    let broken = items.filter { rows[$0.place]?.isBroken == true }
    let files = broken.compactMap { store.images[AttackBatch.file($0.id)] }
    guard !broken.isEmpty, files.count == broken.count else { return }
    var letters = broken.map { _ in [Character](repeating: "-", count: plan.subjects.count) }
    for target in plan.subjects.indices where target != subject {
      let other = try oracle(of: target)
      let tensors = files.map { $0.tensor() }
      let fits = tensors.indices.filter { (try? other.domain.check(Self.batch([tensors[$0]]))) != nil }
      let keys = fits.map { run.subjects[subject].source.key(broken[$0].place) }
      let predictions = try Self.predictions(fits.map { tensors[$0] }, keys, other)
      for (index, prediction) in zip(fits, predictions) {
        letters[index][target] = prediction?.label == broken[index].label ? "0" : "1"
      }
    }
    for (item, word) in zip(broken, letters) { rows[item.place]?.transfer = String(word) }
  }

  private func pictures(
    _ rows: [Int: GridRow], _ items: [HeldImages.Item], _ store: BatchImages
  ) throws -> [Ledger.Picture] {
    try items.filter { rows[$0.place]?.isBroken == true }.prefix(Ledger.pictures).compactMap { item in
      guard let file = store.images[AttackBatch.file(item.id)] else { return nil }
      return Ledger.Picture(
        image: item.place, original: try PNG.encode(try PixelImage(item.image, named: item.source)),
        adversarial: try PNG.encode(file))
    }
  }

  /// Keeps the images as files, where that was asked for, before the ledger refers to them.
  private func save(
    _ rows: [GridRow], _ items: [HeldImages.Item], _ store: BatchImages, _ subject: Int, _ cell: GridPlan.Cell
  ) throws {
    guard let root = run.imageFolder else { return }
    let folder = root + "/" + ImagePaths.folder(of: subject, cell, in: plan)
    try AtomicFile.createFolder(folder)
    for item in items {
      guard let file = store.images[AttackBatch.file(item.id)] else { continue }
      let path = "\(folder)/\(item.id).png"
      try PNG.write(file, to: path, durability: .renamed)
      guard try PNG.read(path).image == file else { throw EvaluationError.readBack(path: path) }
    }
  }

  /// Whether the subject is right about the same images under the plan's conditions.
  private func lookUnderConditions(
    _ places: [Int], _ subject: Int, _ oracle: any GradientOracle, _ known: Ledger.Known
  ) throws {
    guard !places.isEmpty else { return }
    var letters = places.map { _ in "" }
    for source in run.subjects[subject].conditions {
      if stop.isRaised { return }
      let predictions = try Self.predictions(
        try places.map { try source.image($0) }, places.map(source.key), oracle)
      for (index, prediction) in predictions.enumerated() {
        let isRight = prediction.map { $0.label == known.clean[places[index]]?.label } ?? false
        letters[index] += isRight ? "1" : "0"
      }
    }
    try ledger.record(
      conditions: zip(places, letters).map { (image: $0, correct: $1) }, subject: subject)
  }

  /// The oracle of a subject; only runs that transfer keep more than one.
  private func oracle(of subject: Int) throws -> any GradientOracle {
    if let known = oracles[subject] { return known }
    if !plan.transfers { oracles.removeAll() }
    let made = try run.subjects[subject].makeOracle()
    oracles[subject] = made
    return made
  }

  /// What the model says about images; nil where it has no finite answer, also where it failed on that image alone.
  private static func predictions(
    _ images: [Tensor], _ keys: [UInt64], _ oracle: any GradientOracle
  ) throws -> [Prediction?] {
    try AttackBatch.runsOfEqualShape(images).flatMap { group -> [Prediction?] in
      do throws(ThreatError) {
        let logits = try oracle.verdictLogits(batch(Array(images[group])), of: Array(keys[group]))
        return (0..<logits.rowCount).map { row in logits.row(row).withElements { Prediction($0) } }
      } catch {
        guard error.concernsImages else { throw error }
        guard group.count > 1 else { return [nil] }
        return try group.flatMap { try predictions([images[$0]], [keys[$0]], oracle) }
      }
    }
  }

  private static func batch(_ images: [Tensor]) -> Tensor {
    Tensor.stacking(images, rowShape: images[0].shape)
  }

  /// Enough of the SHA-256 of an image's levels to recognise it.
  static func digest(_ image: PixelImage) -> String {
    String(
      SHA256.hex(of: Array("\(image.width)x\(image.height)x\(image.channels):".utf8) + image.levels).prefix(
        16))
  }
}

/// Where adversarial images lie below a run's folder.
enum ImagePaths {
  /// `images/resnet/fgsm-1-255`.
  static func folder(of subject: Int, _ cell: GridPlan.Cell, in plan: GridPlan) -> String {
    let words = [
      plan.subjects[subject].title, plan.attacks[cell.attack].written + "-" + plan.radii[cell.radius].text,
    ]
    return "images/" + words.map(safe).joined(separator: "/")
  }

  private static func safe(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=-".contains($0)) ? $0 : "-" })
  }
}
