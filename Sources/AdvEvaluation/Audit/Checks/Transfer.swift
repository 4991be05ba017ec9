/// E14: images made on another model break nothing that an attack on the model itself does not.
struct Transfer: AuditCheck {
  static let card = AuditCard(
    "E14", "images of other models break nothing that direct attacks do not",
    advice:
      "The direct attack fails where a borrowed image succeeds: its gradients lead astray. See E9 and E13.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard evidence.plan.transfers, evidence.plan.subjects.count > 1, !evidence.plan.cells.isEmpty else {
      return .notApplicable("no images of other models were shown (--transfer)")
    }
    var worst = AuditOpinion(.pass, "")
    for (radius, fates) in evidence.fates[subject].enumerated() {
      var count = AuditCount()
      for (fate, name) in zip(fates, evidence.summary.identifiers) where fate.contains(.right) {
        count.add(fate.contains(.transferred) && !fate.isBroken, name)
      }
      let text =
        "at \(evidence.plan.radii[radius].text) images of other models fool it on \(count.text) images that it has right "
        + "and no direct attack broke"
      let opinion = AuditOpinion(count.status, text, images: count.names)
      if worst.evidence.isEmpty || opinion.status > worst.status { worst = opinion }
    }
    return worst
  }
}
