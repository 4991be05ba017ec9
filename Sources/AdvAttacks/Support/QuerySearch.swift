import AdvTensor
import AdvThreat

/// The bookkeeping of attacks that look at one image at a time through queries: what was asked, the best
/// candidate, what it cost.
///
/// Every point that is asked about is a candidate. An answer is nil once there is nothing more to do: the
/// image is broken inside the ball, it failed, or its queries are spent. The attack then returns.
struct QuerySearch {
  /// The problem of this image alone.
  let problem: AttackProblem
  /// The image's channels, rows and columns.
  let size: ImageSize
  /// The image's pixels.
  let original: [Float]
  /// The most queries, the look at the clean image included.
  var limit = Int.max
  /// How the points of the next question were made, one for each; for threats that want to know.
  var transformations: [Transformation] = []

  private var reserve = 0  // queries kept back for the end
  private let allowance: Int  // what the problem's limits leave
  private let shape: Shape
  private let loss: LossChoice?  // nil where only labels are asked for
  private(set) var record = ImageRecord()
  private var best: [Float]
  private var bestValue = -Float.infinity  // the highest loss, or minus the smallest norm
  private(set) var isOver = false

  /// How many points go through the model at once.
  private static let chunk = 64

  /// What an image's question is answered with, one number or truth per point.
  private struct Answer {
    var values: [Float]
    var isMet: [Bool]
    var isFinite: [Bool]
  }

  private init(_ problem: AttackProblem, loss: LossChoice?) {
    self.problem = problem
    allowance = problem.limits.passes?[0] ?? .max
    self.loss = loss
    shape = problem.images.shape.droppingFirst()
    size = ImageSize(shape)
    original = problem.images.elements
    best = original
  }

  /// Runs `body` on every image by itself, with scores; one that is broken already costs a single query.
  static func run(
    _ problem: AttackProblem, loss: LossChoice, on oracle: any ScoreOracle,
    _ body: (inout QuerySearch) throws(ThreatError) -> Void
  ) throws(ThreatError) -> AttackResult {
    var result = try each(problem, loss) { (search) throws(ThreatError) in
      let clean = try search.losses(of: 1, on: oracle, isOrigin: true) { [search] _ in search.original }
      search.cleanLoss = clean?[0] ?? -.infinity
      if !search.isOver { try body(&search) }
    }
    let note = problem.loss(loss, classCount: oracle.classCount).note
    result.notes += note.map { [$0] } ?? []
    return result
  }

  /// Runs `body` on every image by itself, with labels; one that is broken already costs a single query.
  static func run(
    _ problem: AttackProblem, on oracle: any LabelOracle,
    _ body: (inout QuerySearch) throws(ThreatError) -> Void
  ) throws(ThreatError) -> AttackResult {
    try each(problem, nil) { (search) throws(ThreatError) in
      _ = try search.areMet(1, on: oracle, isOrigin: true) { [search] _ in search.original }
      guard !search.isOver else { return }
      if case .minimize = problem.objective { search.reserve = 1 }
      try body(&search)
      try search.stepOffTheBoundary(on: oracle)
    }
  }

  /// Replaces the nearest point by one a little further out, if that is adversarial too.
  ///
  /// Bisections end so close to the boundary that logits may tie in Float: a label does not tell a tie, which
  /// breaks nothing.
  private mutating func stepOffTheBoundary(on oracle: any LabelOracle) throws(ThreatError) {
    guard reserve > 0, bestValue.isFinite else { return }
    (reserve, isOver) = (0, false)
    let reach = Swift.max(distance(best, .linf), 1e-6)
    let point = original.indices.map { index in
      let move = (Double(best[index]) - Double(original[index])) * (1 + 1e-5 / reach)
      return problem.box.clamp(Float(Double(original[index]) + move))
    }
    if try isMet(point, on: oracle) == true { best = shown(point) }
    isOver = true
  }

  private static func each(
    _ problem: AttackProblem, _ loss: LossChoice?, _ body: (inout QuerySearch) throws(ThreatError) -> Void
  ) throws(ThreatError) -> AttackResult {
    var images = problem.images
    var records: [ImageRecord] = []
    for image in 0..<problem.count {
      var search = QuerySearch(problem.rows([image]), loss: loss)
      try body(&search)
      images.setRow(image, to: Tensor(search.shape.prepending(1), search.best), row: 0)
      records.append(search.record)
    }
    return AttackResult(images: images, records: records)
  }

  /// The random numbers of the image.
  func stream(_ restart: Int = 0) -> RandomStream { problem.stream(image: 0, restart: restart) }

  /// The loss of the clean image.
  private(set) var cleanLoss = -Float.infinity

  /// The queries so far.
  var queries: Int { record.forwardPasses }

  /// Counts a step.
  mutating func countStep() { record.steps += 1 }

  /// Says something about this image alone.
  mutating func remark(_ text: String) { record.remark = text }

  /// The losses of `count` points, to be ascended; nil when the search is over.
  mutating func losses(
    of count: Int, on oracle: any ScoreOracle, isOrigin: Bool = false, _ point: (Int) -> [Float]
  ) throws(ThreatError) -> [Float]? {
    try ask(count, isOrigin, point) { (search, points) throws(ThreatError) in
      try search.scores(points, on: oracle)
    }?
    .values
  }

  /// The loss of one point; nil when the search is over.
  mutating func loss(of point: [Float], on oracle: any ScoreOracle) throws(ThreatError) -> Float? {
    try losses(of: 1, on: oracle) { _ in point }?[0]
  }

  /// Whether each of `count` points meets the criterion; nil when the search is over.
  mutating func areMet(
    _ count: Int, on oracle: any LabelOracle, isOrigin: Bool = false, _ point: (Int) -> [Float]
  ) throws(ThreatError) -> [Bool]? {
    try ask(count, isOrigin, point) { (search, points) throws(ThreatError) in
      try search.labels(points, on: oracle)
    }?
    .isMet
  }

  /// Whether one point meets the criterion; nil when the search is over.
  mutating func isMet(_ point: [Float], on oracle: any LabelOracle) throws(ThreatError) -> Bool? {
    try areMet(1, on: oracle) { _ in point }?[0]
  }

  /// The point of the ball nearest to x; for other objectives the nearest of the box.
  func projected(_ x: [Float]) -> [Float] {
    guard case .within(let ball) = problem.objective else { return x.map(problem.box.clamp) }
    var point = Tensor(problem.images.shape, x)
    ball.project(&point, around: problem.images, in: problem.box)
    return point.elements
  }

  private mutating func ask(
    _ count: Int, _ isOrigin: Bool, _ point: (Int) -> [Float],
    _ question: (QuerySearch, Tensor) throws(ThreatError) -> Answer
  ) throws(ThreatError) -> Answer? {
    guard !isOver else { return nil }
    var all = Answer(values: [], isMet: [], isFinite: [])
    let allowed = Swift.min(count, Swift.min(limit, allowance) - queries - reserve)
    for start in Swift.stride(from: 0, to: allowed, by: Self.chunk) {
      let points = (start..<Swift.min(start + Self.chunk, allowed)).map { shown(point($0)) }
      let answer = try question(self, Tensor(shape.prepending(points.count), points.flatMap(\.self)))
      record.forwardPasses += points.count
      for index in points.indices where !isOver {
        guard answer.isFinite[index] else {
          fail()
          return nil
        }
        let made = transformations.isEmpty ? nil : transformations[start + index]
        if isOrigin {
          isOver = answer.isMet[index]
        } else {
          consider(points[index], answer.values[index], answer.isMet[index], made)
        }
      }
      if problem.limits.isOver?() ?? false { cutShort() }
      if isOver { return nil }
      all.values += answer.values
      all.isMet += answer.isMet
    }
    if queries >= allowance - reserve { cutShort() }
    if allowed < count { isOver = true }
    return isOver ? nil : all
  }

  /// Ends the search at the problem's limits, with what it has.
  private mutating func cutShort() {
    guard !isOver else { return }
    record.isCutShort = true
    isOver = true
  }

  /// What the model is shown of a point: under limits that ask for it the point of the lattice.
  private func shown(_ point: [Float]) -> [Float] {
    guard problem.limits.isOnLattice else { return point }
    let x = Tensor(problem.images.shape, point)
    if case .minimize = problem.objective { return Lattice.nearest(x).elements }
    return Lattice.quantise(x, around: problem.images, .strict).elements
  }

  /// Keeps a candidate if it is the best so far; the search is over where nothing better can come.
  private mutating func consider(_ point: [Float], _ value: Float, _ isMet: Bool, _ made: Transformation?) {
    switch problem.objective {
    case .within(let ball):
      guard isMet || value > bestValue else { return }
      let isInside = point.withUnsafeBufferPointer { candidate in
        original.withUnsafeBufferPointer { ball.contains(candidate, around: $0) }
      }
      guard isInside else { return }
      keep(point, value, isMet, made)
      isOver = isMet
    case .minimize(let norm):
      guard isMet else { return }
      let nearness = -Float(distance(point, norm))
      if nearness > bestValue { keep(point, nearness, isMet, made) }
    case .under:
      guard isMet || value > bestValue else { return }
      keep(point, value, isMet, made)
      isOver = isMet
    }
  }

  private mutating func keep(
    _ point: [Float], _ value: Float, _ isMet: Bool, _ made: Transformation?
  ) {
    (best, bestValue) = (point, value)
    if isMet { record.brokenAfter = record.brokenAfter ?? record.forwardPasses }
    record.transformation = made
  }

  /// How far a point is from the image.
  func distance(_ point: [Float], _ norm: Norm) -> Double {
    point.withUnsafeBufferPointer { candidate in
      original.withUnsafeBufferPointer { norm.distance(candidate, $0) }
    }
  }

  private mutating func fail() {
    record.failure = .notFinite(what: "logits", image: problem.ids[0])
    record.transformation = nil
    best = original
    isOver = true
  }

  /// Every query is one of the same image, with the same random numbers.
  private func announce(_ points: Tensor, to oracle: some LabelOracle) {
    oracle.announce(.search(0), of: Array(repeating: problem.ids[0], count: points.rowCount))
  }

  private func scores(_ points: Tensor, on oracle: any ScoreOracle) throws(ThreatError) -> Answer {
    announce(points, to: oracle)
    let logits = try oracle.logits(points)
    let loss = problem.loss(self.loss ?? .margin, classCount: oracle.classCount)
    var cotangent = Tensor([0])
    let aims = (0..<points.rowCount).map { _ in problem.criterion.aim(0) }
    let values = loss.evaluate(logits, aims, into: &cotangent)
    let isMet = (0..<points.rowCount).map { row in
      logits.row(row).withElements { problem.criterion.isMet(image: 0, logits: $0) }
    }
    let isFinite = (0..<points.rowCount).map { logits.row($0).elements.allSatisfy(\.isFinite) }
    return Answer(values: values, isMet: isMet, isFinite: isFinite)
  }

  private func labels(_ points: Tensor, on oracle: any LabelOracle) throws(ThreatError) -> Answer {
    announce(points, to: oracle)
    let isMet = try oracle.labels(points).map { problem.criterion.isMet(image: 0, label: $0) }
    return Answer(
      values: isMet.map { _ in -.infinity }, isMet: isMet, isFinite: isMet.map { _ in true })
  }
}
