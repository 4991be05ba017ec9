/// E3: what a radius breaks, a larger one breaks too.
struct MoreRoom: AuditCheck {
  static let card = AuditCard(
    "E3", "accuracy does not rise with ε",
    advice:
      "The attack loses its way at the larger radius: give it more steps, or smaller ones. The curves show the "
      + "envelope, which counts an image as broken from its smallest radius on.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let fates = evidence.fates[subject]
    guard fates.count > 1, !evidence.plan.cells.isEmpty else { return .notApplicable("one radius") }
    let worst = evidence.summary.subjects[subject].worst.map(\.robust)
    for radius in worst.indices.dropFirst() where worst[radius] > worst[radius - 1] {
      let texts = evidence.plan.radii.map(\.text)
      return AuditOpinion(
        .fail,
        "\(worst[radius - 1]) images are left at \(texts[radius - 1]), \(worst[radius]) at \(texts[radius])")
    }
    var count = AuditCount()
    for (image, name) in evidence.summary.identifiers.enumerated() {
      let isBroken = fates.map { $0[image].isBroken }
      count.add(zip(isBroken, isBroken.dropFirst()).contains { $0 && !$1 }, name)
    }
    return AuditOpinion(
      count.exceeds(0.01) ? .warn : .pass,
      "\(count.text) images are broken at a radius and not at a larger one",
      images: count.names)
  }
}
