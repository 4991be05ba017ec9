/// E8: random noise breaks nothing that attacks do not.
struct RandomNoise: AuditCheck {
  static let card = AuditCard(
    "E8", "random noise breaks nothing that attacks do not",
    advice: "An attack that noise beats does not work on this model; see E9 and E10.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard let found = evidence.count(of: .noise, on: subject) else {
      return evidence.withoutTrial(subject, "no noise was tried")
    }
    return AuditOpinion(
      found.count.exceeds(0.01) ? .fail : .pass,
      "of \(found.count.images) images the run left \(found.left), \(found.attack) break \(found.count.hits) of these",
      images: found.count.names)
  }
}
