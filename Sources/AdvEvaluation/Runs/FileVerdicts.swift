import AdvTensor
import AdvThreat

/// The way from an attack's images to verdicts on what files hold: judged in float, rounded to levels, stored,
/// judged again; what rounding has spoilt is mended, stored and judged once more.
struct FileVerdicts {
  let rounding: EpsilonRounding
  let repairs: Bool
  /// Puts images away and returns what is then there; `rows` are their positions in the problem.
  let store: (_ images: Tensor, _ rows: [Int]) throws -> Tensor

  /// The verdicts on an attack's images, before rounding and from what was stored.
  struct Judged {
    var inFloat: [Verdict]
    var inFile: [Verdict]
    var images: Tensor
    var fileLogits: Tensor
    var records: [ImageRecord]
    /// Forward passes spent on verdicts, per image.
    var verdicts: [Int]
    /// Whether rounding undid a success, per image, mended or not.
    var isSpoilt: [Bool]
  }

  func judge(
    _ attacked: AttackResult, _ verifier: Verifier, on oracle: any GradientOracle
  ) throws -> Judged {
    let failures = attacked.records.map(\.failure)
    let made = attacked.records.map(\.transformation)
    let inFloat = try verifier.judge(attacked, on: oracle)
    let rounded = Lattice.quantise(attacked.images, around: verifier.problem.images, rounding)
    let stored = try store(rounded, Array(failures.indices))
    let logits = try oracle.verdictLogits(stored, of: verifier.problem.ids)
    let inFile = verifier.judge(stored, logits: logits, failures: failures, transformations: made)
    var judged = Judged(
      inFloat: inFloat, inFile: inFile, images: stored, fileLogits: logits, records: attacked.records,
      verdicts: failures.map { _ in 2 },
      isSpoilt: zip(inFloat, inFile).map { $0.outcome == .broken && $1.outcome == .survived })
    if repairs { try repair(&judged, verifier, on: oracle) }
    return judged
  }

  /// Mends the images that were broken and that rounding has spoilt, as far as their limits allow.
  private func repair(_ judged: inout Judged, _ verifier: Verifier, on oracle: any GradientOracle) throws {
    let passes = verifier.problem.limits.left(after: judged.records)
    let lost = judged.isSpoilt.indices.filter { judged.isSpoilt[$0] }
    let spoilt = lost.filter { passes?[$0] ?? 1 > 0 }
    for index in lost where passes?[index] == 0 { judged.records[index].isCutShort = true }
    guard !spoilt.isEmpty else { return }
    var limits = verifier.problem.limits
    limits.passes = passes.map { passes in spoilt.map { passes[$0] } }
    let problem = verifier.problem.rows(spoilt).with(limits: limits)
    let mended = try LatticeRepair().repair(judged.images.rows(spoilt), of: problem, on: oracle)
    let stored = try store(mended.images, spoilt)
    let logits = try oracle.verdictLogits(stored, of: problem.ids)
    let verdicts = Verifier(problem, cleanLogits: verifier.cleanLogits.rows(spoilt))
      .judge(stored, logits: logits, failures: mended.records.map(\.failure))
    for (row, index) in spoilt.enumerated() {
      judged.inFile[index] = verdicts[row]
      judged.images.setRow(index, to: stored, row: row)
      judged.fileLogits.setRow(index, to: logits, row: row)
      // The repair's rounds cost passes, but they are no steps of the attack.
      judged.records[index].forwardPasses += mended.records[row].forwardPasses
      judged.records[index].backwardPasses += mended.records[row].backwardPasses
      judged.verdicts[index] += 1
      if mended.records[row].isCutShort, verdicts[row].outcome != .broken {
        judged.records[index].isCutShort = true
      }
    }
  }
}
