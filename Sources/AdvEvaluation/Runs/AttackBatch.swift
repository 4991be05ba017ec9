import AdvFormats
import AdvTensor
import AdvThreat

/// The work on one batch: clean prediction, attack, verdict in float, rounding, file, verdict from the file.
struct AttackBatch {
  let run: AttackRun
  let places: Range<Int>
  let oracle: any GradientOracle
  let store: any ImageStore
  let hurry: StopSignal

  /// The results of the batch in its order. One clean pass, the attack's passes, one pass for each verdict.
  func result() throws -> AttackRun.Findings {
    let originals = try places.map { try run.source.image($0) }
    var findings = AttackRun.Findings(images: [], notes: [])
    // Photographs may differ in size where the model allows it; a batch needs one size.
    for group in Self.runsOfEqualShape(originals) { try add(group, originals, to: &findings) }
    return findings
  }

  /// Adds the results of neighbours of one shape. Where the model fails on one of their passes they are tried image by
  /// image, so that a failure costs the images at fault and no other.
  private func add(
    _ group: Range<Int>, _ originals: [Tensor], to findings: inout AttackRun.Findings
  ) throws {
    let batch = Tensor.stacking(Array(originals[group]), rowShape: originals[group.lowerBound].shape)
    do {
      let part = try result(of: group, batch)
      findings.images += part.images
      findings.notes += part.notes
    } catch let error as ThreatError where error.concernsImages {
      if group.count > 1, run.attack.card.scope == .image {
        for offset in group { try add(offset..<offset + 1, originals, to: &findings) }
      } else {
        findings.images += group.map { failed(places.lowerBound + $0, error) }
        findings.failures += group.map { _ in error }
      }
    }
  }

  /// An image that the model had no answer for.
  private func failed(_ place: Int, _ error: ThreatError) -> ImageResult {
    ImageResult(
      id: run.source.identifier(place), source: run.source.source(place), label: run.source.label(place) ?? 0,
      clean: nil, outcome: .error("\(error)"))
  }

  private func result(of group: Range<Int>, _ originals: Tensor) throws -> AttackRun.Findings {
    let firstPlace = places.lowerBound + group.lowerBound
    let keys = group.map { run.source.key(places.lowerBound + $0) }
    let logits = try oracle.verdictLogits(originals, of: keys)
    var results = group.map { offset in
      cleanResult(place: places.lowerBound + offset, logits: logits, row: offset - group.lowerBound)
    }
    let rows = results.indices.filter { results[$0].outcome == .survived }
    guard !rows.isEmpty else { return AttackRun.Findings(images: results, notes: []) }
    let problem = try problem(originals, rows, results, firstPlace: firstPlace)
    let verifier = Verifier(problem, cleanLogits: logits.rows(rows))
    let attacked = try attack(problem, cleanLogits: verifier.cleanLogits)
    let ids = rows.map { results[$0].id }
    let verdicts = FileVerdicts(rounding: run.fileRounding, repairs: run.repairs && run.canRepair) {
      try save($0, as: $1.map { ids[$0] })
    }
    let judged = try verdicts.judge(attacked, verifier, on: oracle)
    for (index, row) in rows.enumerated() { results[row].take(judged, index) }
    return AttackRun.Findings(images: results, notes: attacked.notes)
  }

  /// The attack's candidates; the smallest perturbation of an attack with a fixed budget comes from bisection.
  private func attack(_ problem: AttackProblem, cleanLogits: Tensor) throws -> AttackResult {
    if case .minimal = run.threat, run.attack.card.kind == .budget {
      guard run.attack.card.scope == .image else {
        throw ThreatError.unsupported(
          attack: run.attack.card.id, what: "the smallest perturbation of each image",
          remedy: "give a radius with --eps: its images share one perturbation")
      }
      return try LatticeBisection(attack: run.attack, repairs: run.repairs)
        .result(of: problem, cleanLogits: cleanLogits, on: oracle)
    }
    return try run.attack.run(problem, on: oracle)
  }

  /// What is known before the attack; `.survived` stands for an image that is to be attacked.
  private func cleanResult(place: Int, logits: Tensor, row: Int) -> ImageResult {
    let clean = Self.prediction(logits, row: row)
    let label = run.source.label(place) ?? clean?.label ?? 0
    // A refused image is wrong, also where nobody but the model could say what it shows.
    let outcome: Outcome =
      clean.map { $0.label == label && label != oracle.rejectedClass ? .survived : .alreadyWrong }
      ?? .error("the logits of the clean image hold NaN or infinity")
    var result = ImageResult(
      id: run.source.identifier(place), source: run.source.source(place), label: label, clean: clean,
      outcome: outcome)
    result.forwardPasses = 1
    return result
  }

  private func problem(
    _ originals: Tensor, _ rows: [Int], _ results: [ImageResult], firstPlace: Int
  ) throws -> AttackProblem {
    let criterion: Criterion =
      switch run.aim {
      case .untargeted: .untargeted(rows.map { results[$0].label }, rejected: oracle.rejectedClass)
      case .targeted(let target): .targeted(rows.map { _ in target }, rejected: oracle.rejectedClass)
      }
    var limits = SearchLimits()
    limits.passes = run.maxQueries.map { limit in rows.map { _ in limit } }
    limits.isOnLattice = run.isOnLattice
    limits.isOver = { [hurry] in hurry.isRaised }
    return try AttackProblem(
      images: originals.rows(rows), criterion: criterion, objective: run.threat.objective,
      ids: rows.map { run.source.key(firstPlace + $0) }, seed: run.seed
    ).with(limits: limits)
  }

  /// Writes every image, reads the bytes back, and returns what they hold.
  private func save(_ images: Tensor, as ids: [String]) throws -> Tensor {
    let shape = images.shape.droppingFirst()
    let loaded = try ids.indices.map { row in
      let name = Self.file(ids[row])
      return try store.roundTrip(try PixelImage(images.row(row), named: name), name: name).tensor()
    }
    return Tensor.stacking(loaded, rowShape: shape)
  }

  static func file(_ id: String) -> String { "images/\(id).png" }

  fileprivate static func prediction(_ logits: Tensor, row: Int) -> Prediction? {
    let classes = logits.rowStride
    return logits.withElements {
      Prediction(UnsafeBufferPointer(rebasing: $0[row * classes..<(row + 1) * classes]))
    }
  }

  /// Neighbours of one shape, in order.
  static func runsOfEqualShape(_ images: [Tensor]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    for index in images.indices {
      if let last = groups.last, images[last.lowerBound].shape == images[index].shape {
        groups[groups.count - 1] = last.lowerBound..<index + 1
      } else {
        groups.append(index..<index + 1)
      }
    }
    return groups
  }
}

extension ImageResult {
  /// Takes over what was found for one row of a problem, and what it cost.
  fileprivate mutating func take(_ judged: FileVerdicts.Judged, _ row: Int) {
    let record = judged.records[row]
    isBrokenInFloat = judged.inFloat[row].outcome == .broken
    isSpoilt = judged.isSpoilt[row]
    outcome = judged.inFile[row].outcome
    margin = judged.inFile[row].lead
    distances = judged.inFile[row].distances
    distancesInFloat = judged.inFloat[row].outcome.reason == nil ? judged.inFloat[row].distances : nil
    adversarial = AttackBatch.prediction(judged.fileLogits, row: row)
    file = AttackBatch.file(id)
    steps += record.steps
    queries += record.forwardPasses
    zeroGradients += record.zeroGradients
    forwardPasses += record.forwardPasses + judged.verdicts[row]
    backwardPasses += record.backwardPasses
    (brokenAfter, isCutShort) = (record.brokenAfter, record.isCutShort)
    remark = record.remark ?? record.transformation.map { "\($0)" }
  }
}
