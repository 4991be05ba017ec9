/// E12: what a search saw broken, its result is.
struct SilentSuccess: AuditCheck {
  static let card = AuditCard(
    "E12", "no success is lost on the way out of the search",
    advice:
      "Search with --precision exact, and with samples for a random model. If it stays, the attack gives back "
      + "another point than its best: an error of ours, please report it.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard !evidence.plan.cells.isEmpty else { return .notApplicable("no attack ran") }
    var count = AuditCount()
    let fates = evidence.fates[subject]
    for (image, name) in evidence.summary.identifiers.enumerated() {
      let isSilent = fates.contains { $0[image].contains(.silent) && !$0[image].isBroken }
      count.add(isSilent, name)
    }
    return AuditOpinion(
      count.status, "\(count.text) images were broken inside a search, and not in what it gave back",
      images: count.names)
  }
}
