import AdvTensor

/// The bookkeeping that attacks share: which images are still worked on, the best candidate of every image,
/// and what each one cost.
///
/// The rows of the tensors of a search are its *active* images, in the problem's order. An image leaves as
/// soon as it is settled: broken inside the ball, broken before it was touched, or failed. Every decision
/// is the image's own, so the batch it came in cannot change it.
public struct Search: Sendable {
  /// What kind of point is being looked at.
  public enum Visit: Sendable {
    /// The unperturbed images: a success settles them, otherwise they are no candidates.
    case origin
    /// Points that an attack proposes.
    case candidate
    /// Points that only tell the attack something, such as a neighbour or a scaled copy: never candidates.
    case probe
  }

  /// The whole problem.
  public let problem: AttackProblem
  /// The positions in the problem of the images still worked on, ascending.
  public private(set) var active: [Int]
  /// The unperturbed active images.
  public private(set) var originals: Tensor
  /// What the loss of every active image pushes; by default what the criterion asks for.
  public var aims: [Aim]
  /// Logits, losses and gradient of the last `evaluate`, one row per active image.
  public private(set) var here = LossGradient()
  /// Whether the last point looked at meets the criterion, one per active image.
  public private(set) var isMet: [Bool] = []
  /// How the points of the next visit were made, one per active image; for threats that want to know.
  public var transformations: [Transformation] = []
  /// Which of a random model's draws the next passes see; see `RandomizedOracle`.
  public var draw = 0

  private let loss: Loss
  private var best: Tensor
  private var bestValue: [Float]  // of an active image: its highest loss, or minus its smallest norm
  private var records: [ImageRecord]
  private var notes: [String]
  private var isSettled: [Bool]
  private var settledRows: [Bool] = []  // the buffer of `evaluate` and `judge`, kept from step to step

  /// A search over all images of a problem.
  ///
  /// - Parameter goal: what the loss is like where that is not the criterion's goal, as in an untargeted
  ///   attack through target classes; set `aims` then.
  public init(
    _ problem: AttackProblem, loss: LossChoice, goal: Goal? = nil, on oracle: some LabelOracle
  ) throws(ThreatError) {
    try problem.check(on: oracle)
    self.problem = problem
    active = Array(0..<problem.count)
    originals = problem.images
    aims = active.map(problem.criterion.aim)
    self.loss = Loss(
      loss, classCount: oracle.classCount, goal: goal ?? problem.criterion.goal,
      rejected: problem.criterion.rejected)
    best = problem.images.rows(0..<problem.count)  // its own from the start
    bestValue = Array(repeating: -.infinity, count: problem.count)
    records = Array(repeating: ImageRecord(), count: problem.count)
    isSettled = Array(repeating: false, count: problem.count)
    notes = self.loss.note.map { [$0] } ?? []
  }

  /// Whether no image is left to work on.
  public var isFinished: Bool { active.isEmpty }

  /// The candidates so far and their cost.
  public var result: AttackResult { AttackResult(images: best, records: records, notes: notes) }

  /// How far an active image's candidate may be: the ball's radius, or the smallest norm that broke it so far.
  public func reach(row: Int) -> Double {
    switch problem.objective {
    case .within(let ball): Double(ball.radius)
    case .minimize: -Double(bestValue[active[row]])
    case .under: .infinity
    }
  }

  /// The random numbers of an active image; see `AttackProblem.stream`.
  public func stream(row: Int, restart: Int) -> RandomStream {
    problem.stream(image: active[row], restart: restart)
  }

  /// A random point of ball ∩ box for every active image.
  public func randomStart(restart: Int, in ball: Ball) -> Tensor {
    var x = originals
    let stride = x.rowStride
    x.withMutableElements { points in
      for row in active.indices where stride > 0 {
        var stream = stream(row: row, restart: restart)
        ball.drawUniformly(points.baseAddress! + row * stride, stride, &stream, problem.box)
      }
    }
    return x
  }

  /// Forward and backward at x, one row per active image: records the candidates, lets settled images
  /// leave, and leaves losses and gradient of the others in `here`.
  ///
  /// x keeps the rows that are still active. Returns their previous positions where any image left, so that
  /// an attack can do the same to what it carries along; nil where all stayed.
  @discardableResult
  public mutating func evaluate(
    _ x: inout Tensor, as visit: Visit = .candidate, on oracle: any GradientOracle
  ) throws(ThreatError) -> [Int]? {
    guard !isFinished else { return nil }
    var settled: [Bool] = []
    swap(&settled, &settledRows)
    defer { swap(&settled, &settledRows) }
    announceDraw(to: oracle)
    let point = shown(x)
    try oracle.linearize(at: point, logits: &here.logits)
    take(point, visit, &settled)
    guard settled.contains(false) else {
      let kept = drop(settled, &x)
      here.gradient.resize(to: x.shape)
      return kept
    }
    try pullback(here.cotangent, &settled, on: oracle)
    let kept = drop(settled, &x)
    if visit != .probe { countStep() }
    return kept
  }

  /// The first half of `evaluate`, for attacks that pull back cotangents of their own: forward at x, true
  /// where an image is settled. The rows stay until `drop`.
  public mutating func linearize(
    at x: Tensor, as visit: Visit = .candidate, on oracle: any GradientOracle
  ) throws(ThreatError) -> [Bool] {
    announceDraw(to: oracle)
    let point = shown(x)
    try oracle.linearize(at: point, logits: &here.logits)
    var settled: [Bool] = []
    take(point, visit, &settled)
    return settled
  }

  /// Pulls a cotangent `[n, classes]` back into `here.gradient`; rows whose gradient is not finite settle as
  /// failures.
  public mutating func pullback(
    _ cotangent: Tensor, _ settled: inout [Bool], on oracle: any GradientOracle
  ) throws(ThreatError) {
    try oracle.pullback(cotangent, into: &here.gradient)
    // A settled row goes along with the others: its record must not depend on who came with it.
    for row in active.indices where !settled[row] {
      records[active[row]].backwardPasses += 1
      settled[row] = !inspectGradient(row, of: cotangent)
    }
  }

  /// Counts a step of every active image; `evaluate` does so by itself.
  public mutating func countStep() {
    for image in active { records[image].steps += 1 }
  }

  /// The second half of an `evaluate` over several probes at x: their mean logits, losses and gradient, one row
  /// per active image, take the place of the last probe's and decide about the candidates.
  mutating func conclude(
    _ x: inout Tensor, as visit: Visit, logits: Tensor, losses: [Float], gradient: Tensor
  ) -> [Int]? {
    precondition(losses.count == active.count && gradient.rowCount == active.count, "\(gradient.shape)")
    (here.logits, here.losses, here.gradient) = (logits, losses, gradient)
    let settled = active.indices.map { consider($0, x, visit, losses[$0]) }
    let kept = drop(settled, &x)
    if visit != .probe { countStep() }
    return kept
  }

  /// Swaps the gradient of the last `evaluate` with a buffer of the caller's, so that neither is copied.
  public mutating func exchangeGradient(with buffer: inout Tensor) { swap(&here.gradient, &buffer) }

  /// Forward only at x, one row per active image: records the candidates and lets settled images leave.
  ///
  /// The same rows as `evaluate` remain in x, and `here.losses` and `here.logits` describe them.
  @discardableResult
  public mutating func judge(
    _ x: inout Tensor, as visit: Visit = .candidate, on oracle: any ScoreOracle
  ) throws(ThreatError) -> [Int]? {
    guard !isFinished else { return nil }
    var settled: [Bool] = []
    swap(&settled, &settledRows)
    defer { swap(&settled, &settledRows) }
    announceDraw(to: oracle)
    let point = shown(x)
    try oracle.logits(point, into: &here.logits)
    take(point, visit, &settled)
    return drop(settled, &x)
  }

  /// What the model is shown of x: by default x, under limits that ask for it a point of the lattice.
  ///
  /// Inside a ball δ is rounded toward zero, so that it stays inside; without one to the nearest level.
  private func shown(_ x: Tensor) -> Tensor {
    guard problem.limits.isOnLattice else { return x }
    if case .minimize = problem.objective { return Lattice.nearest(x) }
    return Lattice.quantise(x, around: originals, .strict)
  }

  /// Tells a random model which images the rows are and which random numbers they get.
  private func announceDraw(to oracle: some LabelOracle) {
    oracle.announce(.search(draw), of: active.map { problem.ids[$0] })
  }

  /// Looks at one row of `here.logits` for every active image; `settled` becomes true where it is settled.
  private mutating func take(_ x: Tensor, _ visit: Visit, _ settled: inout [Bool]) {
    let classes = here.logits.rowStride
    here.cotangent.resize(to: here.logits.shape)
    if here.losses.count != active.count { here.losses = Array(repeating: 0, count: active.count) }
    if isMet.count != active.count { isMet = Array(repeating: false, count: active.count) }
    if settled.count != active.count { settled = Array(repeating: false, count: active.count) }
    let isOver = problem.limits.isOver?() ?? false
    for row in active.indices {
      records[active[row]].forwardPasses += 1
      let range = row * classes..<(row + 1) * classes
      let (value, finite) = here.logits.withElements { z in
        here.cotangent.withMutableElements { slots in
          let logits = UnsafeBufferPointer(rebasing: z[range])
          let cotangent = UnsafeMutableBufferPointer(rebasing: slots[range])
          return (loss.evaluate(logits, aims[row], cotangent: cotangent), logits.allSatisfy(\.isFinite))
        }
      }
      here.losses[row] = value
      settled[row] = finite ? consider(row, x, visit, value) : fail(row, "logits")
      if !settled[row] { settled[row] = isCutShort(row, isOver: isOver) }
      if settled[row] { clearCotangent(range) }
    }
  }

  /// Whether an active image has reached its limits; its record then says so.
  private mutating func isCutShort(_ row: Int, isOver: Bool) -> Bool {
    let image = active[row]
    guard isOver || records[image].forwardPasses >= problem.limits.passes?[image] ?? .max else {
      return false
    }
    records[image].isCutShort = true
    return true
  }

  /// Keeps the candidate if it is the image's best; true where nothing better can come.
  private mutating func consider(_ row: Int, _ x: Tensor, _ visit: Visit, _ value: Float) -> Bool {
    guard visit != .probe else { return false }
    let image = active[row]
    let isMet = withRow(row, of: here.logits) { problem.criterion.isMet(image: image, logits: $0) }
    self.isMet[row] = isMet
    guard visit == .candidate else { return isMet }
    switch problem.objective {
    case .within(let ball):
      let isWanted = isMet || value > bestValue[image]
      guard isWanted, compare(row, of: x, { ball.contains($0, around: $1) }) else { return false }
      keep(row, of: x, value: value)
      if isMet { countSuccess(image) }
      return isMet
    case .minimize(let norm):
      let nearness = -Float(compare(row, of: x) { norm.distance($0, $1) })
      if isMet, nearness > bestValue[image] {
        keep(row, of: x, value: nearness)
        countSuccess(image)
      }
      return false
    case .under:
      if isMet || value > bestValue[image] { keep(row, of: x, value: value) }
      if isMet { countSuccess(image) }
      return isMet
    }
  }

  private mutating func countSuccess(_ image: Int) {
    records[image].brokenAfter = records[image].brokenAfter ?? records[image].forwardPasses
  }

  private mutating func keep(_ row: Int, of x: Tensor, value: Float) {
    best.setRow(active[row], to: x, row: row)
    bestValue[active[row]] = value
    if !transformations.isEmpty { records[active[row]].transformation = transformations[row] }
  }

  /// Something about an active image's candidate and its original.
  private func compare<Answer>(
    _ row: Int, of x: Tensor, _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Answer
  ) -> Answer {
    withRow(row, of: x) { point in withRow(row, of: originals) { body(point, $0) } }
  }

  /// Records why an image cannot be attacked; it leaves with its original as candidate.
  private mutating func fail(_ row: Int, _ what: String) -> Bool {
    let image = active[row]
    records[image].failure = .notFinite(what: what, image: problem.ids[image])
    best.setRow(image, to: problem.images, row: image)
    return true
  }

  private mutating func clearCotangent(_ range: Range<Int>) {
    here.cotangent.withMutableElements { slots in
      for index in range { slots[index] = 0 }
    }
  }

  /// Counts a zero gradient; false where the gradient is not finite and the image had to fail. A loss that is flat where
  /// the goal is met already, as a hinge is, says nothing about the model.
  private mutating func inspectGradient(_ row: Int, of cotangent: Tensor) -> Bool {
    let stride = here.gradient.rowStride
    let peak = here.gradient.withElements { largestMagnitude($0.baseAddress! + row * stride, stride) }
    guard peak.isFinite else { return !fail(row, "gradients") }
    let isAsked = {
      cotangent.withElements {
        $0[row * cotangent.rowStride..<(row + 1) * cotangent.rowStride].contains { $0 != 0 }
      }
    }
    if peak == 0, !isMet[row] || isAsked() { records[active[row]].zeroGradients += 1 }
    return true
  }

  /// Lets the settled images leave, x with them; the rows that were kept, or nil where all stay.
  @discardableResult
  public mutating func drop(_ settled: [Bool], _ x: inout Tensor) -> [Int]? {
    for row in settled.indices where settled[row] { isSettled[active[row]] = true }
    return suspend(settled, &x)
  }

  /// Sets images aside until `resume`, as a phase that is over for some of them does; the rows that were
  /// kept, or nil where all stay.
  @discardableResult
  public mutating func suspend(_ suspended: [Bool], _ x: inout Tensor) -> [Int]? {
    guard suspended.contains(true) else { return nil }
    let kept = suspended.indices.filter { !suspended[$0] }
    active = kept.map { active[$0] }
    aims = kept.map { aims[$0] }
    isMet = kept.map { isMet[$0] }
    if !transformations.isEmpty { transformations = kept.map { transformations[$0] } }
    originals = originals.rows(kept)
    x = x.rows(kept)
    here.logits = here.logits.rows(kept)
    here.losses = kept.map { here.losses[$0] }
    if here.gradient.rowCount == suspended.count, here.gradient.shape.rank > 1 {
      here.gradient = here.gradient.rows(kept)
    }
    here.cotangent = here.cotangent.rows(kept)
    return kept
  }

  /// Takes the images that were set aside back in, those that are `wanted`; aims are again the criterion's.
  public mutating func resume(_ wanted: (Int) -> Bool = { _ in true }) {
    active = isSettled.indices.filter { !isSettled[$0] && wanted($0) }
    originals = problem.images.rows(active)
    aims = active.map(problem.criterion.aim)
  }
}
