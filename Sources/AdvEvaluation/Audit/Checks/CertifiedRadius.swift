import AdvThreat

/// E16: nothing is broken inside a radius that was proved.
struct CertifiedRadius: AuditCheck {
  static let card = AuditCard(
    "E16", "no attack breaks what is certified",
    advice: "One of the two is wrong, and that is an error of ours: please report it with run.sqlite.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard !evidence.certified[subject].isEmpty else { return .notApplicable("no radius was certified") }
    var count = AuditCount()
    for (image, name) in evidence.summary.identifiers.enumerated() {
      guard let radius = evidence.certified[subject][name] else { continue }
      count.add(evidence.nearest[subject][image] < radius, name)
    }
    return AuditOpinion(
      count.hits > 0 ? .fail : .pass, "\(count.text) certified images were broken inside their radius",
      images: count.names)
  }
}
