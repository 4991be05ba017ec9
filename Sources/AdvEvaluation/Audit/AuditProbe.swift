import AdvFormats
import Foundation

/// What a closer look at one image of one subject found: passes that no attack of the run made.
///
/// The ledger keeps it, so that shards and interruptions change nothing and the audit can be read again.
struct AuditProbe: Codable, Hashable, Sendable {
  /// Whether two forward passes of one image give the same logits.
  enum Repetition: String, Codable, Sendable {
    /// They do.
    case same
    /// They do for one draw of the random numbers, and differ from draw to draw.
    case draws
    /// They do not.
    case differs
  }

  /// Another attack on an image that the run's attacks left unbroken at the largest radius.
  enum Trial: String, Codable, Sendable, CaseIterable {
    case steps, starts, square, noise, targets
    /// A radius of half the box.
    case half
    /// A radius of the whole box.
    case whole
  }

  /// What came of a trial.
  struct TrialResult: Codable, Hashable, Sendable {
    /// The attack, as a specifier or in words.
    var attack: String
    /// Whether the file of its image fools the subject.
    var isBroken: Bool
    /// What the model said when it failed on the way; then nothing is known.
    var failure: String?
  }

  /// Whether the subject has the image right.
  var isRight: Bool
  /// Whether it gives the same answer twice.
  var repetition: Repetition
  /// The mean change of the label's lead among random points nearby, as a share of that lead, at most 1.
  var instability: Double
  /// Whether its logits look like probabilities: in 0…1 with the sum 1.
  var isProbability: Bool
  /// Whether the gradient of the cross-entropy is exactly zero, or not finite.
  var hasNoGradient: Bool
  /// Whether the margin's gradient is.
  var hasNoMarginGradient: Bool
  /// Whether all attacks of the run left it, at the largest radius.
  var isLeft: Bool
  /// By `Trial`; only for images that are left.
  var trials: [String: TrialResult] = [:]
  /// Of an ascent that broke nothing: the share of the loss's whole range that its last steps won.
  var lateGain: Double?
  /// The distance to the nearest image of another class, in the norm of the radii; of the first subject alone.
  var otherClass: Double?
  /// What the model said when it failed during the look; then nothing else counts.
  var failure: String?

  /// Why the look, or a trial in it, came to nothing.
  var firstFailure: String? {
    failure ?? trials.sorted { $0.key < $1.key }.lazy.compactMap(\.value.failure).first
  }

  /// A look that the model did not survive.
  static func failed(isRight: Bool, _ reason: String) -> AuditProbe {
    AuditProbe(
      isRight: isRight, repetition: .same, instability: 0, isProbability: false, hasNoGradient: false,
      hasNoMarginGradient: false, isLeft: false, failure: reason)
  }

  subscript(_ trial: Trial) -> TrialResult? {
    get { trials[trial.rawValue] }
    set { trials[trial.rawValue] = newValue }
  }
}

extension Ledger {
  /// Records closer looks at images of a subject.
  func record(probes: [(image: Int, probe: AuditProbe)], subject: Int) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let rows = try probes.map { entry -> [SQLValue] in
      let text = String(decoding: try encoder.encode(entry.probe), as: UTF8.self)
      return [.int(entry.image), .int(subject), .text(text)]
    }
    try with { database in
      try database.transaction { () throws(EvaluationError) in
        try database.run("INSERT INTO probes VALUES(?, ?, ?)", rows)
      }
    }
  }

  /// All closer looks, with the images' names, by subject in the images' order.
  func probes() throws -> [[(name: String, probe: AuditProbe)]] {
    var found: [[(name: String, probe: AuditProbe)]] = plan.subjects.map { _ in [] }
    let path = path
    let rows = try with { database in
      var rows: [(subject: Int, name: String, text: String)] = []
      let query = "SELECT subject, id, facts FROM probes JOIN images USING(image) ORDER BY subject, image"
      try database.query(query) { rows.append(($0.int(0), $0.text(1) ?? "", $0.text(2) ?? "")) }
      return rows
    }
    for row in rows {
      guard found.indices.contains(row.subject),
        let probe = try? JSONDecoder().decode(AuditProbe.self, from: Data(row.text.utf8))
      else { throw Ledger.corrupt(path) }
      found[row.subject].append((row.name, probe))
    }
    return found
  }
}
