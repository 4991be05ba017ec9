/// E5: twice the steps change nothing.
struct MoreSteps: AuditCheck {
  static let card = AuditCard(
    "E5", "twice the steps break no more",
    advice: "Give the attack more steps until this is quiet.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard let found = evidence.count(of: .steps, on: subject) else {
      return evidence.withoutTrial(subject, "no attack with steps works in this norm")
    }
    return AuditOpinion(
      found.count.status,
      "of \(found.count.images) images the run left \(found.left), \(found.attack) breaks \(found.count.hits) of these",
      images: found.count.names)
  }
}
