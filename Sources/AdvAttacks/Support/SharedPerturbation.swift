import AdvTensor
import AdvThreat

extension AttackProblem {
  /// Whether whoever asked wants an end.
  var isTimeOver: Bool { limits.isOver?() ?? false }

  /// A loss of this problem's criterion, for a model of so many classes.
  func loss(_ choice: LossChoice, classCount: Int) -> Loss {
    Loss(choice, classCount: classCount, goal: criterion.goal, rejected: criterion.rejected)
  }
}

/// The images of an attack that makes one perturbation for all of them: some to learn from, the others to
/// measure it on.
///
/// Images that are wrong already, and those whose logits are not finite, are neither.
struct SharedPerturbation {
  /// The positions in the problem of the images that are learnt from.
  let training: [Int]
  /// The positions of the others.
  let heldOut: [Int]
  /// What was done, per image of the problem.
  var records: [ImageRecord]

  /// How many images go through the model at once.
  static let chunk = 64

  /// Looks at all clean images; the first `share` of those that can be attacked are learnt from.
  init(_ problem: AttackProblem, share: Float, on oracle: any ScoreOracle) throws(ThreatError) {
    try problem.check(on: oracle)
    records = Array(repeating: ImageRecord(), count: problem.count)
    var rows: [Int] = []
    let logits = try Self.logits(problem.images, of: problem.ids, on: oracle)
    for image in records.indices {
      records[image].forwardPasses = 1
      let isFinite = logits.row(image).elements.allSatisfy(\.isFinite)
      if !isFinite { records[image].failure = .notFinite(what: "logits", image: problem.ids[image]) }
      let isMet = logits.row(image).withElements { problem.criterion.isMet(image: image, logits: $0) }
      if isFinite, !isMet { rows.append(image) }
    }
    let count = Swift.min(Int((share * Float(rows.count)).rounded(.up)), rows.count)
    (training, heldOut) = (Array(rows.prefix(count)), Array(rows.dropFirst(count)))
  }

  /// The logits of any number of images.
  static func logits(
    _ images: Tensor, of ids: [UInt64], on oracle: any ScoreOracle
  ) throws(ThreatError) -> Tensor {
    var all = Tensor([images.rowCount, oracle.classCount])
    for start in Swift.stride(from: 0, to: images.rowCount, by: chunk) {
      let rows = start..<Swift.min(start + chunk, images.rowCount)
      oracle.announce(.search(0), of: Array(ids[rows]))
      let part = try oracle.logits(images.rows(rows))
      for row in rows { all.setRow(row, to: part, row: row - start) }
    }
    return all
  }

  /// Which of some images of the problem meet the criterion at `points`, one row for each; counted.
  mutating func areMet(
    _ rows: [Int], _ points: Tensor, _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> [Bool] {
    let logits = try Self.logits(points, of: rows.map { problem.ids[$0] }, on: oracle)
    for image in rows { records[image].forwardPasses += 1 }
    return rows.indices.map { row in
      logits.row(row).withElements { z in
        z.allSatisfy(\.isFinite) && problem.criterion.isMet(image: rows[row], logits: z)
      }
    }
  }

  /// "fools 40 of 50 images that it was made from and 31 of 50 others".
  func note(_ name: String, _ isMet: [Bool]) -> String {
    let known = isMet.prefix(training.count).count { $0 }
    let other = isMet.dropFirst(training.count).count { $0 }
    return "\(name) fools \(known) of the \(training.count) images that it was made from and "
      + "\(other) of \(heldOut.count) held-out ones"
  }
}
