/// E11: the model gives logits.
struct Logits: AuditCheck {
  static let card = AuditCard(
    "E11", "the scores are logits, no probabilities",
    advice: "Export the network without its last softmax: gradients of the cross-entropy vanish behind it.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let probes = evidence.probes[subject]
    guard !probes.isEmpty else { return evidence.withoutLook(subject) }
    let count = probes.count { $0.probe.isProbability }
    // One row of two logits can be (0, 1) by chance.
    let isFail = count == probes.count && (count > 1 || evidence.plan.subjects[subject].classes.count > 2)
    return AuditOpinion(
      isFail ? .fail : .pass, "\(count) of \(probes.count) rows of scores lie in 0…1 and sum to 1")
  }
}
