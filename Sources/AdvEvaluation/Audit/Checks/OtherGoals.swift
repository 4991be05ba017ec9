/// E17: what withstands an attack away from its class also withstands those toward others.
struct OtherGoals: AuditCheck {
  static let card = AuditCard(
    "E17", "targeted attacks break nothing that untargeted ones do not",
    advice: "Add a targeted attack to the run: apgd-t, fab-t or autoattack.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard let found = evidence.count(of: .targets, on: subject) else {
      return evidence.withoutTrial(subject, "no targeted attack works in this norm")
    }
    return AuditOpinion(
      found.count.status,
      "of \(found.count.images) images the run left \(found.left), \(found.attack) toward the \(AuditTrials.targets) "
        + "likeliest other classes breaks \(found.count.hits) of these", images: found.count.names)
  }
}
