import AdvTensor

/// What the verifier found for one candidate.
public struct Verdict: Hashable, Sendable {
  /// What became of the image.
  public let outcome: Outcome
  /// The perturbation in every norm, in Double.
  public let distances: Distances
  /// The class of the candidate; nil where the logits are not finite.
  public let label: Int?
  /// The lead of the wanted class; the criterion holds where it exceeds the criterion's margin.
  public let lead: Float?
}

/// The one judge of candidates: finite, in the box, inside the ball, criterion met on a fresh forward pass.
public struct Verifier: Sendable {
  /// The problem whose candidates are judged.
  public let problem: AttackProblem
  /// The logits of the clean images `[n, classes]`.
  public let cleanLogits: Tensor
  /// What a random model is asked for; an attack that judges for itself has no right to the numbers of record.
  public let draw: Draw

  /// A judge that has seen the clean images. One forward pass.
  public init(_ problem: AttackProblem, on oracle: any ScoreOracle) throws(ThreatError) {
    try problem.check(on: oracle)
    self.init(problem, cleanLogits: try oracle.verdictLogits(problem.images, of: problem.ids))
  }

  /// A judge with the clean images' logits `[n, classes]` at hand.
  public init(_ problem: AttackProblem, cleanLogits: Tensor, draw: Draw = .verdict) {
    precondition(
      cleanLogits.rowCount == problem.count, "logits \(cleanLogits.shape) for \(problem.count) images")
    (self.problem, self.cleanLogits, self.draw) = (problem, cleanLogits, draw)
  }

  /// Judges candidates `[n, C, H, W]` in the problem's order with one forward pass.
  ///
  /// - Parameters:
  ///   - failures: what attacks reported per image; a failed image is an error whatever it looks like.
  ///   - transformations: how candidates were made, where the threat wants to know; they are made again.
  public func judge(
    _ candidates: Tensor, failures: [ThreatError?] = [], transformations: [Transformation?] = [],
    on oracle: any ScoreOracle
  ) throws(ThreatError) -> [Verdict] {
    guard candidates.shape == problem.images.shape else {
      throw .mismatch(what: "candidates", got: "\(candidates.shape)", expected: "\(problem.images.shape)")
    }
    oracle.announce(draw, of: problem.ids)
    return judge(
      candidates, logits: try oracle.logits(candidates), failures: failures, transformations: transformations)
  }

  /// Judges what an attack returned with one forward pass.
  public func judge(_ result: AttackResult, on oracle: any ScoreOracle) throws(ThreatError) -> [Verdict] {
    try judge(
      result.images, failures: result.records.map(\.failure),
      transformations: result.records.map(\.transformation), on: oracle)
  }

  /// Judges candidates by logits `[n, classes]` of a forward pass that the caller has just made on them.
  public func judge(
    _ candidates: Tensor, logits: Tensor, failures: [ThreatError?] = [],
    transformations: [Transformation?] = []
  ) -> [Verdict] {
    precondition(candidates.shape == problem.images.shape, "\(candidates.shape) for \(problem.images.shape)")
    precondition(logits.rowCount == problem.count, "logits \(logits.shape) for \(problem.count) images")
    return problem.criterion.labels.indices.map { image in
      verdict(
        image, candidates, logits, failure: failures.isEmpty ? nil : failures[image],
        transformation: transformations.isEmpty ? nil : transformations[image])
    }
  }

  private func verdict(
    _ image: Int, _ candidates: Tensor, _ logits: Tensor, failure: ThreatError?,
    transformation: Transformation?
  ) -> Verdict {
    withRow(image, of: candidates) { candidate in
      withRow(image, of: problem.images) { original in
        withRow(image, of: logits) { z in
          let isFinite = z.allSatisfy(\.isFinite)
          return Verdict(
            outcome: failure.map { .error("\($0)") }
              ?? outcome(image, candidate, original, z, transformation),
            distances: Distances(candidate, original),
            label: isFinite ? argmax(z) : nil,
            lead: isFinite ? problem.criterion.lead(image: image, logits: z) : nil)
        }
      }
    }
  }

  private func outcome(
    _ image: Int, _ candidate: UnsafeBufferPointer<Float>, _ original: UnsafeBufferPointer<Float>,
    _ logits: UnsafeBufferPointer<Float>, _ transformation: Transformation?
  ) -> Outcome {
    let clean = withRow(image, of: cleanLogits) { z in
      z.allSatisfy(\.isFinite) ? problem.criterion.isMet(image: image, logits: z) : nil
    }
    guard let clean else { return .error("the logits of the clean image hold NaN or infinity") }
    guard logits.allSatisfy(\.isFinite) else {
      return .error("the logits of the candidate hold NaN or infinity")
    }
    guard candidate.allSatisfy(\.isFinite) else { return .error("the candidate holds NaN or infinity") }
    if let element = candidate.firstIndex(where: { !problem.box.contains($0) }) {
      let box = problem.box
      return .error(
        "element \(element) of the candidate is \(candidate[element]), outside the box \(box.lower)…\(box.upper)"
      )
    }
    if clean { return .alreadyWrong }
    switch problem.objective {
    case .within(let ball): guard ball.contains(candidate, around: original) else { return .overBudget }
    case .minimize: break
    case .under(let threat):
      let size = ImageSize(problem.images.shape.droppingFirst())
      let allows = threat.allows(candidate, from: original, by: transformation, size, in: problem.box)
      guard allows else { return .overBudget }
    }
    return problem.criterion.isMet(image: image, logits: logits) ? .broken : .survived
  }
}

/// One row of a tensor in place.
func withRow<Result>(_ row: Int, of tensor: Tensor, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result
{
  let stride = tensor.rowStride
  return tensor.withElements { body(UnsafeBufferPointer(rebasing: $0[row * stride..<(row + 1) * stride])) }
}
