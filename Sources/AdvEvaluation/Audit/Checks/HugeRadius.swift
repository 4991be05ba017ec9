/// E4: a radius of half the box leaves what guessing would, one of the whole box nothing.
struct HugeRadius: AuditCheck {
  static let card = AuditCard(
    "E4", "half the box leaves no more than chance, the whole box nothing",
    advice:
      "No model holds out there: the attacks cannot see the way. Look at E9, attack with loss=margin or dlr, "
      + "with samples for a random model, and with a query attack.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard let half = evidence.count(of: .half, on: subject) else {
      return evidence.withoutTrial(subject, "the norm has no such radius")
    }
    let probes = evidence.probes[subject]
    var (atHalf, atWhole) = (AuditCount(), AuditCount())
    for entry in probes where entry.probe.isRight && entry.probe[.half]?.failure == nil {
      let (isLeft, whole) = (entry.probe[.half]?.isBroken == false, entry.probe[.whole])
      atHalf.add(isLeft, entry.name)
      if whole?.failure == nil { atWhole.add(isLeft && whole?.isBroken == false, entry.name) }
    }
    let chance = 1 / Double(max(2, evidence.plan.subjects[subject].classes.count))
    let text =
      "\(half.attack) leaves \(atHalf.text) images at half the box (chance: \(GridWords.number(100 * chance))%) and "
      + "\(atWhole.hits) at the whole box"
    if atHalf.exceeds(chance) || atWhole.exceeds(0.01) {
      return AuditOpinion(.fail, text, images: atHalf.names)
    }
    return AuditOpinion(atWhole.hits > 0 ? .warn : .pass, text, images: atWhole.names)
  }
}
