import AdvThreat

/// Counts a ledger image by image. Memory grows with subjects and images, not with results.
struct GridTally {
  private let plan: GridPlan
  private var summary: GridSummary
  /// Position in the tally of an image of the ledger.
  private var positions: [Int: Int] = [:]
  private var labels: [[Int]] = []
  /// By subject: which images it has right.
  private var correct: [[Bool]] = []
  /// By subject: the distance of the nearest adversarial file.
  private var distances: [[Double]] = []
  /// By subject and radius, of the image in work: what its attacks did.
  private var current: [[Fate]] = []

  private struct Fate {
    var isBroken = false
    var isBrokenInFloat = false
    var hasError = false
    /// To each subject: `1` where one of this image's adversarial files fools it, `0` where none does, `-` where none
    /// was shown.
    var shown: [UInt8] = []

    /// Nothing has happened yet.
    init() {}

    /// What one attack did.
    init(_ row: GridRow) {
      (isBroken, isBrokenInFloat, hasError) = (row.isBroken, row.isBrokenInFloat, row.outcome == "error")
    }
  }

  /// Counts everything that the ledger holds about images whose results are complete.
  static func summary(of ledger: Ledger) throws -> GridSummary {
    var tally = GridTally(ledger.plan)
    try tally.readImages(ledger)
    try tally.readClean(ledger)
    try tally.readResults(ledger)
    try tally.readConditions(ledger)
    try tally.readNotes(ledger)
    return tally.finished()
  }

  private init(_ plan: GridPlan) {
    self.plan = plan
    summary = GridSummary(plan: plan)
  }

  /// Only images with all their rows are counted: every figure has the same denominator.
  private mutating func readImages(_ ledger: Ledger) throws {
    let wanted = plan.rowsPerImage
    let subjects = plan.subjects.count
    (positions, summary.identifiers) = try ledger.with { database in
      var complete: Set<Int> = []
      var positions: [Int: Int] = [:]
      var names: [String] = []
      let counts =
        wanted == 0
        ? "SELECT image, 0 FROM clean GROUP BY image HAVING COUNT(*) = \(subjects)"
        : "SELECT image, COUNT(*) FROM results GROUP BY image"
      try database.query(counts) { if $0.int(1) == wanted { complete.insert($0.int(0)) } }
      try database.query("SELECT image, id FROM images ORDER BY image") { row in
        guard complete.contains(row.int(0)) else { return }
        positions[row.int(0)] = names.count
        names.append(row.text(1) ?? "")
      }
      return (positions, names)
    }
    let images = positions.count
    summary.images = images
    correct = plan.subjects.map { _ in Array(repeating: false, count: images) }
    labels = plan.subjects.map { _ in Array(repeating: 0, count: images) }
    distances = plan.subjects.map { _ in Array(repeating: .infinity, count: images) }
    let classes = plan.subjects.map(\.classes.count).max() ?? 0
    summary.imagesByClass = Array(repeating: 0, count: classes)
    summary.subjects = plan.subjects.map { _ in
      GridSummary.Subject(
        cleanByClass: Array(repeating: 0, count: classes),
        cells: plan.cells.map { .init(cell: $0, mask: Array(repeating: false, count: images)) },
        worst: plan.radii.map { _ in .init(byClass: Array(repeating: 0, count: classes)) },
        conditions: Array(repeating: 0, count: plan.conditions.count))
    }
    let pairs = plan.subjects.indices.flatMap { a in plan.subjects.indices.map { (a, $0) } }.filter {
      $0 < $1
    }
    summary.comparisons = pairs.flatMap { a, b in
      ([nil] + plan.radii.indices.map(Optional.some)).map { .init(a: a, b: b, radius: $0) }
    }
    if plan.transfers {
      let row = plan.subjects.map { _ in GridSummary.Transfer() }
      summary.transfers = plan.radii.map { _ in plan.subjects.map { _ in row } }
    }
  }

  private mutating func readClean(_ ledger: Ledger) throws {
    var tally = self
    try ledger.with { database in
      try database.query("SELECT image, subject, label, predicted FROM clean ORDER BY image") { row in
        tally.add(
          CleanRow(
            image: row.int(0), subject: row.int(1), label: row.int(2),
            predicted: row.isNull(3) ? nil : row.int(3)))
      }
    }
    self = tally
  }

  private mutating func add(_ row: CleanRow) {
    guard let place = positions[row.image] else { return }
    labels[row.subject][place] = row.label
    if row.subject == 0, summary.imagesByClass.indices.contains(row.label) {
      summary.imagesByClass[row.label] += 1
    }
    guard row.isCorrect else {
      if row.predicted != nil { distances[row.subject][place] = 0 }
      return
    }
    correct[row.subject][place] = true
    summary.subjects[row.subject].clean += 1
    summary.subjects[row.subject].cleanByClass[row.label] += 1
  }

  private mutating func readResults(_ ledger: Ledger) throws {
    let order = " ORDER BY image, subject, attack, radius"
    let cells = Dictionary(uniqueKeysWithValues: plan.cells.enumerated().map { ($1, $0) })
    var image = -1
    var tally = self
    try ledger.with { database in
      try database.query(LedgerSchema.selectResult + order) { columns in
        let row = LedgerSchema.result(columns)
        guard let place = tally.positions[row.image], let cell = cells[row.cell] else { return }
        if row.image != image {
          if image >= 0 { tally.close(tally.positions[image] ?? 0) }
          image = row.image
          tally.current = plan.subjects.map { _ in plan.radii.map { _ in Fate() } }
        }
        tally.add(row, place, cell)
      }
    }
    if image >= 0 { tally.close(tally.positions[image] ?? 0) }
    self = tally
  }

  private mutating func add(_ row: GridRow, _ place: Int, _ position: Int) {
    let (subject, radius) = (row.subject, row.cell.radius)
    let earlier = current[subject][radius]
    let isRight = correct[subject][place]
    current[subject][radius].isBroken = earlier.isBroken || row.isBroken
    current[subject][radius].isBrokenInFloat = earlier.isBrokenInFloat || row.isBrokenInFloat
    current[subject][radius].hasError = earlier.hasError || row.outcome == "error"
    if row.isBroken, let found = row.distances, let norm = Norm(rawValue: plan.norm) {
      distances[subject][place] = min(distances[subject][place], found[norm])
    }
    let fate = plan.survivorsOnly ? current[subject][radius] : Fate(row)
    var cell = summary.subjects[subject].cells[position]
    cell.count(row)
    if isRight && !fate.isBroken && !fate.hasError {
      cell.robust += 1
      cell.mask[place] = true
    }
    if isRight && !fate.isBrokenInFloat && !fate.hasError { cell.robustInFloat += 1 }
    summary.subjects[subject].cells[position] = cell
    guard row.isBroken, plan.transfers, let word = row.transfer?.utf8 else { return }
    // The letters are in the order of their codes: the one that says most stays.
    current[subject][radius].shown = earlier.shown.isEmpty ? Array(word) : zip(earlier.shown, word).map(max)
  }

  private mutating func countTransfers(_ place: Int) {
    for source in plan.subjects.indices {
      for radius in plan.radii.indices {
        for (target, letter) in current[source][radius].shown.enumerated() where correct[target][place] {
          if letter != UInt8(ascii: "-") { summary.transfers[radius][source][target].tried += 1 }
          if letter == UInt8(ascii: "1") { summary.transfers[radius][source][target].fooled += 1 }
        }
      }
    }
  }

  /// All results of an image are known.
  private mutating func close(_ place: Int) {
    countTransfers(place)
    for subject in plan.subjects.indices where correct[subject][place] {
      var wasLost = false  // broken, or without an answer, at this or a smaller radius
      for radius in plan.radii.indices {
        let fate = current[subject][radius]
        let isUnknown = fate.hasError && !fate.isBroken
        wasLost = wasLost || fate.isBroken || isUnknown
        if isUnknown { summary.subjects[subject].worst[radius].errors += 1 }
        if !fate.isBroken && !isUnknown {
          summary.subjects[subject].worst[radius].robust += 1
          summary.subjects[subject].worst[radius].byClass[labels[subject][place]] += 1
        }
        if !fate.isBrokenInFloat && !fate.hasError {
          summary.subjects[subject].worst[radius].robustInFloat += 1
        }
        if !wasLost { summary.subjects[subject].worst[radius].envelope += 1 }
      }
    }
    for index in summary.comparisons.indices {
      let pair = summary.comparisons[index]
      guard let radius = pair.radius else { continue }
      let holds = [pair.a, pair.b].map { subject in
        correct[subject][place] && !current[subject][radius].isBroken && !current[subject][radius].hasError
      }
      if holds[0] && !holds[1] { summary.comparisons[index].onlyA += 1 }
      if holds[1] && !holds[0] { summary.comparisons[index].onlyB += 1 }
    }
  }

  private mutating func readConditions(_ ledger: Ledger) throws {
    guard !plan.conditions.isEmpty else { return }
    var counts = summary.subjects.map(\.conditions)
    let groups = ConditionMean.groups(of: plan.conditions.map(\.name))
    var shares = counts.map { _ in groups.map { _ in [Double]() } }
    let positions = positions
    try ledger.with { database in
      try database.query("SELECT image, subject, correct FROM conditions ORDER BY image, subject") { row in
        guard positions[row.int(0)] != nil else { return }
        let subject = row.int(1)
        let isRight = (row.text(2) ?? "").utf8.map { $0 == UInt8(ascii: "1") }
        for (index, isRight) in isRight.enumerated() where isRight { counts[subject][index] += 1 }
        for (place, group) in groups.enumerated() {
          let hits = group.members.count { isRight.indices.contains($0) && isRight[$0] }
          shares[subject][place].append(Double(hits) / Double(group.members.count))
        }
      }
    }
    for subject in counts.indices {
      summary.subjects[subject].conditions = counts[subject]
      summary.subjects[subject].means = zip(groups, shares[subject]).map { group, shares in
        ConditionMean(group.name, conditions: group.members.count, shares: shares)
      }
    }
  }

  private mutating func readNotes(_ ledger: Ledger) throws {
    let plan = plan
    summary.notes = try ledger.with { database in
      var notes: [String] = []
      try database.query("SELECT attack, note FROM notes ORDER BY attack, note") { row in
        notes.append("\(plan.attacks[row.int(0)].written): \(row.text(1) ?? "")")
      }
      return notes
    }
  }

  private func finished() -> GridSummary {
    var result = summary
    for (subject, values) in distances.enumerated() where !values.isEmpty {
      // The lower of two middle values would hide that half of the images were never broken.
      result.subjects[subject].medianDistance = values.sorted()[values.count / 2]
    }
    for index in result.comparisons.indices where result.comparisons[index].radius == nil {
      let pair = result.comparisons[index]
      for (a, b) in zip(correct[pair.a], correct[pair.b]) where a != b {
        if a { result.comparisons[index].onlyA += 1 } else { result.comparisons[index].onlyB += 1 }
      }
    }
    let pValues = result.comparisons.map { McNemar.pValue(onlyA: $0.onlyA, onlyB: $0.onlyB) }
    for (index, adjusted) in McNemar.holm(pValues).enumerated() {
      (result.comparisons[index].pValue, result.comparisons[index].holm) = (pValues[index], adjusted)
    }
    return result
  }
}

extension GridSummary.Cell {
  /// Adds a row to what does not depend on other rows.
  fileprivate mutating func count(_ row: GridRow) {
    (forwards, backwards, queries) = (
      forwards + row.forwards, backwards + row.backwards, queries + row.queries
    )
    switch row.outcome {
    case Outcome.broken.name: broken += 1
    case Outcome.overBudget.name: overBudget += 1
    case "error": errors += 1
    default: break
    }
    guard row.digest != nil else { return }
    attacked += 1
    if row.isBrokenInFloat { brokenInFloat += 1 }
    if row.zeroGradients > 0 { withoutGradient += 1 }
    guard row.isBroken else { return }
    let cost = max(1, row.brokenAfter ?? row.queries)
    let power = Int.bitWidth - (cost - 1).leadingZeroBitCount
    while brokenByCost.count <= power { brokenByCost.append(brokenByCost.last ?? 0) }
    for index in power..<brokenByCost.count { brokenByCost[index] += 1 }
  }
}
