/// E7: no image falls to an attack that sees scores only after withstanding all those that see gradients.
struct BlackBox: AuditCheck {
  static let card = AuditCard(
    "E7", "queries break nothing that gradients do not",
    advice:
      "The gradients hide the way (masking): attack through them with loss=margin or dlr, through random parts "
      + "with samples, through steps with a straight-through gradient; report the query attack's figure.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    var opinions: [AuditOpinion] = []
    if let found = evidence.count(of: .square, on: subject) {
      opinions.append(
        AuditOpinion(
          found.count.status,
          "of \(found.count.images) images the run left \(found.left), 500 queries of Square break "
            + "\(found.count.hits) of these", images: found.count.names))
    }
    let ran = evidence.attacks.contains { $0?.card.access ?? .gradients != .gradients }
    if ran {
      for (radius, fates) in evidence.fates[subject].enumerated() {
        var count = AuditCount()
        for (fate, name) in zip(fates, evidence.summary.identifiers) {
          count.add(fate.isSuperset(of: [.byQueries, .withstood]) && !fate.contains(.byGradient), name)
        }
        opinions.append(
          AuditOpinion(
            count.status,
            "at \(evidence.plan.radii[radius].text) the run's query attacks broke \(count.text) images "
              + "that its gradient attacks had not", images: count.names))
      }
    }
    return opinions.max { $0.status < $1.status }
      ?? evidence.withoutTrial(subject, "no query attack in this norm")
  }
}
