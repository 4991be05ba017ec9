import AdvFormats
import AdvTensor
import AdvThreat

/// The work on one batch: clean prediction, attack, verdict in float, rounding, file, verdict from the file.
struct AttackBatch {
  let run: AttackRun
  let places: Range<Int>
  let oracle: any GradientOracle
  let folder: OutputFolder.Staging

  /// The results of the batch in its order. One clean pass, the attack's passes, one pass for each verdict.
  func result() throws -> AttackRun.Findings {
    let originals = try places.map { try run.source.image($0) }
    var images: [ImageResult] = []
    var notes: [String] = []
    // Photographs may differ in size where the model allows it; a batch needs one size.
    for group in Self.runsOfEqualShape(originals) {
      let part = try result(
        of: group,
        Tensor.stacking(
          Array(originals[group]), rowShape: originals[group.lowerBound].shape))
      images += part.images
      notes += part.notes
    }
    return AttackRun.Findings(images: images, notes: notes)
  }

  private func result(of group: Range<Int>, _ originals: Tensor) throws -> AttackRun.Findings {
    let logits = try oracle.logits(originals)
    var results = group.map { offset in
      cleanResult(place: places.lowerBound + offset, logits: logits, row: offset - group.lowerBound)
    }
    let rows = results.indices.filter { results[$0].outcome == .survived }
    guard !rows.isEmpty else { return AttackRun.Findings(images: results, notes: []) }
    let problem = try problem(originals, rows, results, firstPlace: places.lowerBound + group.lowerBound)
    let verifier = Verifier(problem, cleanLogits: logits.rows(rows))
    let attacked = try run.attack.run(problem, on: oracle)
    var judged = try judge(attacked, verifier, ids: rows.map { results[$0].id })
    if run.repairs, run.rounding == .strict {
      try repair(&judged, verifier, ids: rows.map { results[$0].id })
    }
    for (index, row) in rows.enumerated() {
      results[row].isBrokenInFloat = judged.inFloat[index].outcome == .broken
      results[row].outcome = judged.inFile[index].outcome
      results[row].distances = judged.inFile[index].distances
      results[row].adversarial = Self.prediction(judged.fileLogits, row: index)
      results[row].file = Self.file(results[row].id)
      results[row].count(judged.records[index], verdicts: judged.verdicts[index])
    }
    return AttackRun.Findings(images: results, notes: attacked.notes)
  }

  /// The verdicts on an attack's images, before rounding and from the files.
  private struct Judged {
    var inFloat: [Verdict]
    var inFile: [Verdict]
    var images: Tensor
    var fileLogits: Tensor
    var records: [ImageRecord]
    /// Forward passes spent on verdicts, per image.
    var verdicts: [Int]
  }

  /// Judges the attack's images, rounds them, writes them, and judges what the files hold.
  private func judge(_ attacked: AttackResult, _ verifier: Verifier, ids: [String]) throws -> Judged {
    let failures = attacked.records.map(\.failure)
    let inFloat = try verifier.judge(attacked.images, failures: failures, on: oracle)
    let rounded = Lattice.quantise(attacked.images, around: verifier.problem.images, run.rounding)
    let saved = try save(rounded, as: ids)
    let logits = try oracle.logits(saved)
    return Judged(
      inFloat: inFloat, inFile: verifier.judge(saved, logits: logits, failures: failures), images: saved,
      fileLogits: logits, records: attacked.records, verdicts: ids.map { _ in 2 })
  }

  /// Mends the images that were broken and that rounding has spoilt, and replaces their files and verdicts.
  private func repair(_ judged: inout Judged, _ verifier: Verifier, ids: [String]) throws {
    let spoilt = ids.indices.filter {
      judged.inFloat[$0].outcome == .broken && judged.inFile[$0].outcome == .survived
    }
    guard !spoilt.isEmpty else { return }
    let problem = verifier.problem.rows(spoilt)
    let mended = try LatticeRepair().repair(judged.images.rows(spoilt), of: problem, on: oracle)
    let saved = try save(mended.images, as: spoilt.map { ids[$0] })
    let logits = try oracle.logits(saved)
    let verdicts = Verifier(problem, cleanLogits: verifier.cleanLogits.rows(spoilt))
      .judge(saved, logits: logits, failures: mended.records.map(\.failure))
    for (row, index) in spoilt.enumerated() {
      judged.inFile[index] = verdicts[row]
      judged.fileLogits.setRow(index, to: logits, row: row)
      // The repair's rounds cost passes, but they are no steps of the attack.
      judged.records[index].forwardPasses += mended.records[row].forwardPasses
      judged.records[index].backwardPasses += mended.records[row].backwardPasses
      judged.verdicts[index] += 1
    }
  }

  /// What is known before the attack; `.survived` stands for an image that is to be attacked.
  private func cleanResult(place: Int, logits: Tensor, row: Int) -> ImageResult {
    let clean = Self.prediction(logits, row: row)
    let label = run.source.label(place) ?? clean?.label ?? 0
    let outcome: Outcome =
      clean.map { $0.label == label ? .survived : .alreadyWrong }
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
      case .untargeted: .untargeted(rows.map { results[$0].label })
      case .targeted(let target): .targeted(rows.map { _ in target })
      }
    return try AttackProblem(
      images: originals.rows(rows), criterion: criterion, objective: .within(run.epsilon.ball),
      ids: rows.map { run.source.key(firstPlace + $0) }, seed: run.seed)
  }

  /// Writes every image, reads the bytes back, and returns what they hold.
  private func save(_ images: Tensor, as ids: [String]) throws -> Tensor {
    let shape = images.shape.droppingFirst()
    let loaded = try ids.indices.map { row in
      let name = Self.file(ids[row])
      let image = try PixelImage(images.row(row), named: name)
      try folder.write(try PNG.encode(image), to: name)
      let read = try PNG.read(folder.path(of: name)).image
      guard read == image else { throw EvaluationError.readBack(path: folder.path(of: name)) }
      return read.tensor()
    }
    return Tensor.stacking(loaded, rowShape: shape)
  }

  static func file(_ id: String) -> String { "images/\(id).png" }

  private static func prediction(_ logits: Tensor, row: Int) -> Prediction? {
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
  /// Adds what the attack, the repair and the verdicts spent.
  fileprivate mutating func count(_ record: ImageRecord, verdicts: Int) {
    steps += record.steps
    queries += record.forwardPasses
    zeroGradients += record.zeroGradients
    forwardPasses += record.forwardPasses + verdicts
    backwardPasses += record.backwardPasses
  }
}
