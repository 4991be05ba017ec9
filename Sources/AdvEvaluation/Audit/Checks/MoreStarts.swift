/// E6: ten random starts change nothing.
struct MoreStarts: AuditCheck {
  static let card = AuditCard(
    "E6", "ten random starts break no more", advice: "Give the attack restarts until this is quiet.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard let found = evidence.count(of: .starts, on: subject) else {
      return evidence.withoutTrial(subject, "no attack with restarts works in this norm")
    }
    return AuditOpinion(
      found.count.status,
      "of \(found.count.images) images the run left \(found.left), \(found.attack) breaks \(found.count.hits) of these",
      images: found.count.names)
  }
}
