import AdvThreat

/// What a ledger says about one image of one subject under one attack at one radius.
public struct GridRow: Hashable, Sendable {
  /// The outcome of an image that an earlier attack of the same radius had broken: this one did not run on it.
  static let brokenBefore = "broken-before"

  /// The position of the image in the data set.
  public var image: Int
  /// The position of the subject in the plan.
  public var subject: Int
  /// The attack and the radius.
  public var cell: GridPlan.Cell
  /// One of `Outcome.names`, or `broken-before`.
  public var outcome: String
  /// Why an outcome is an error.
  public var reason: String?
  /// Whether the candidate broke the model before it was rounded to levels.
  public var isBrokenInFloat = false
  /// The class that the file's image gets.
  public var predicted: Int?
  /// Its softmax probability.
  public var confidence: Double?
  /// The lead of the wrong classes in the file's logits.
  public var margin: Double?
  /// The perturbation in the file.
  public var distances: Distances?
  /// Steps of the attack.
  public var steps = 0
  /// Forward passes, with those of the verdicts.
  public var forwards = 0
  /// Backward passes.
  public var backwards = 0
  /// Forward passes of the attack and the repair alone.
  public var queries = 0
  /// Forward passes until the attack's first success before rounding; nil where it had none.
  public var brokenAfter: Int?
  /// Steps without a gradient.
  public var zeroGradients = 0
  /// The first 16 hexadecimal digits of the SHA-256 of the file's levels.
  public var digest: String?
  /// One letter for each subject: `1` it errs on this adversarial image too, `0` it does not, `-` not asked.
  public var transfer: String?

  /// A row that says no more than the outcome.
  init(image: Int, subject: Int, cell: GridPlan.Cell, outcome: String) {
    (self.image, self.subject, self.cell, self.outcome) = (image, subject, cell, outcome)
  }

  /// The row of an attack's result.
  init(_ result: ImageResult, image: Int, subject: Int, cell: GridPlan.Cell) {
    self.init(image: image, subject: subject, cell: cell, outcome: result.outcome.name)
    (reason, isBrokenInFloat) = (result.outcome.reason, result.isBrokenInFloat)
    (predicted, confidence) = (result.adversarial?.label, result.adversarial.map { Double($0.confidence) })
    (margin, distances) = (result.margin.map(Double.init), result.distances)
    (steps, forwards, backwards) = (result.steps, result.forwardPasses, result.backwardPasses)
    (queries, brokenAfter, zeroGradients) = (result.queries, result.brokenAfter, result.zeroGradients)
  }

  /// Whether the image in the file fools the subject.
  var isBroken: Bool { outcome == Outcome.broken.name }

  /// The largest change in levels.
  var levels: Int? { distances.map { Int(($0.linf * 255).rounded()) } }
}

/// What a subject says about one clean image.
struct CleanRow: Hashable, Sendable {
  var image: Int
  var subject: Int
  /// The right class: the data set's, or the prediction where nobody has labelled the image.
  var label: Int
  /// The prediction; nil where the logits are not finite.
  var predicted: Int?
  var confidence: Double?

  var isCorrect: Bool { predicted == label }
}

/// The columns of the ledger's tables, and rows as values.
enum LedgerSchema {
  static let version = 3

  static let tables = """
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE subjects(subject INTEGER PRIMARY KEY, model TEXT NOT NULL, defense TEXT NOT NULL);
    CREATE TABLE attacks(attack INTEGER PRIMARY KEY, name TEXT NOT NULL, specifier TEXT NOT NULL);
    CREATE TABLE radii(radius INTEGER PRIMARY KEY, eps TEXT NOT NULL, levels REAL NOT NULL);
    CREATE TABLE images(image INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL, label INTEGER);
    CREATE TABLE clean(image INTEGER NOT NULL, subject INTEGER NOT NULL, label INTEGER NOT NULL,
      predicted INTEGER, confidence REAL, PRIMARY KEY(image, subject)) WITHOUT ROWID;
    CREATE TABLE conditions(image INTEGER NOT NULL, subject INTEGER NOT NULL, correct TEXT NOT NULL,
      PRIMARY KEY(image, subject)) WITHOUT ROWID;
    CREATE TABLE probes(image INTEGER NOT NULL, subject INTEGER NOT NULL, facts TEXT NOT NULL,
      PRIMARY KEY(image, subject)) WITHOUT ROWID;
    CREATE TABLE certificates(id TEXT NOT NULL, subject INTEGER NOT NULL, radius REAL NOT NULL,
      PRIMARY KEY(id, subject)) WITHOUT ROWID;
    CREATE TABLE results(image INTEGER NOT NULL, subject INTEGER NOT NULL, attack INTEGER NOT NULL,
      radius INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT, broken_float INTEGER NOT NULL,
      predicted INTEGER, confidence REAL, margin REAL, l0 INTEGER, l1 REAL, l2 REAL, linf REAL, levels INTEGER,
      steps INTEGER NOT NULL, forwards INTEGER NOT NULL, backwards INTEGER NOT NULL, queries INTEGER NOT NULL,
      broken_after INTEGER, zero_gradients INTEGER NOT NULL, seed TEXT NOT NULL, digest TEXT, transfer TEXT,
      PRIMARY KEY(image, subject, attack, radius)) WITHOUT ROWID;
    CREATE TABLE pictures(subject INTEGER NOT NULL, attack INTEGER NOT NULL, radius INTEGER NOT NULL,
      image INTEGER NOT NULL, original BLOB NOT NULL, adversarial BLOB NOT NULL,
      PRIMARY KEY(subject, attack, radius, image)) WITHOUT ROWID;
    CREATE TABLE notes(attack INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY(attack, note)) WITHOUT ROWID;
    CREATE VIEW readable AS SELECT images.id, model, defense, name AS attack, eps, outcome, results.levels,
      l2, margin, steps, queries FROM results JOIN images USING(image) JOIN subjects USING(subject)
      JOIN attacks USING(attack) JOIN radii USING(radius);
    """

  static let insertResult =
    "INSERT INTO results VALUES(" + Array(repeating: "?", count: 24).joined(separator: ",") + ")"

  static func values(of row: GridRow, seed: UInt64) -> [SQLValue] {
    [
      .int(row.image), .int(row.subject), .int(row.cell.attack), .int(row.cell.radius), .text(row.outcome),
      SQLValue(row.reason), .int(row.isBrokenInFloat ? 1 : 0), SQLValue(row.predicted),
      SQLValue(row.confidence), SQLValue(row.margin), SQLValue(row.distances?.l0),
      SQLValue(row.distances?.l1), SQLValue(row.distances?.l2), SQLValue(row.distances?.linf),
      SQLValue(row.levels), .int(row.steps), .int(row.forwards), .int(row.backwards), .int(row.queries),
      SQLValue(row.brokenAfter),
      .int(row.zeroGradients), .text("\(seed)"), SQLValue(row.digest), SQLValue(row.transfer),
    ]
  }

  static let selectResult = """
    SELECT image, subject, attack, radius, outcome, reason, broken_float, predicted, confidence, margin,
      l0, l1, l2, linf, steps, forwards, backwards, queries, broken_after, zero_gradients, digest, transfer FROM results
    """

  /// A row of `selectResult`.
  static func result(_ row: SQLRow) -> GridRow {
    var result = GridRow(
      image: row.int(0), subject: row.int(1), cell: GridPlan.Cell(attack: row.int(2), radius: row.int(3)),
      outcome: row.text(4) ?? "")
    (result.reason, result.isBrokenInFloat) = (row.text(5), row.int(6) != 0)
    result.predicted = row.isNull(7) ? nil : row.int(7)
    (result.confidence, result.margin) = (row.real(8), row.real(9))
    if let l1 = row.real(11), let l2 = row.real(12), let linf = row.real(13) {
      result.distances = Distances(l0: row.int(10), l1: l1, l2: l2, linf: linf)
    }
    (result.steps, result.forwards, result.backwards) = (row.int(14), row.int(15), row.int(16))
    (result.queries, result.zeroGradients) = (row.int(17), row.int(19))
    result.brokenAfter = row.isNull(18) ? nil : row.int(18)
    (result.digest, result.transfer) = (row.text(20), row.text(21))
    return result
  }
}
