/// E9: attacks with gradients have gradients.
struct MissingGradients: AuditCheck {
  static let card = AuditCard(
    "E9", "gradients are there",
    advice: "Where only the cross-entropy has none, the softmax is saturated: use loss=margin, dlr or "
      + "exact-cross-entropy. Where the margin has none either, the model has steps: use a query attack or a "
      + "straight-through gradient.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    var opinions: [AuditOpinion] = []
    for cell in evidence.summary.subjects[subject].cells {
      guard evidence.attacks[cell.cell.attack]?.card.access ?? .gradients == .gradients, cell.attacked > 0
      else {
        continue
      }
      let count = AuditCount(hits: cell.withoutGradient, images: cell.attacked)
      opinions.append(
        AuditOpinion(
          count.status,
          "\(evidence.plan.title(of: cell.cell)) met gradients of exactly 0 on \(count.text) images it ran on"
        ))
    }
    var (plain, margin) = (AuditCount(), AuditCount())
    for entry in evidence.probes[subject] {
      plain.add(entry.probe.hasNoGradient, entry.name)
      margin.add(entry.probe.hasNoMarginGradient, entry.name)
    }
    if plain.images > 0 {
      opinions.append(
        AuditOpinion(
          max(plain.status, margin.status),
          "on the clean images the cross-entropy has no gradient on \(plain.text), the margin on \(margin.text)",
          images: plain.names + margin.names.filter { !plain.names.contains($0) }))
    }
    let worst = opinions.map(\.status).max()
    guard let worst, worst > .pass else {
      return opinions.last ?? .notApplicable("no attack asked for gradients")
    }
    let grave = opinions.filter { $0.status == worst }
    return AuditOpinion(
      worst, grave.suffix(2).map(\.evidence).joined(separator: "; "), images: grave.last?.images ?? [])
  }
}
