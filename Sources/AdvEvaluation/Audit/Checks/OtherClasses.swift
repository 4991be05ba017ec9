/// E18: a change within ε is smaller than that to an image of another class.
struct OtherClasses: AuditCheck {
  static let card = AuditCard(
    "E18", "ε is small against the distance to other classes",
    advice:
      "Balls that overlap have no right answer: choose smaller radii. Where attacks find nothing nearer than a "
      + "real image of another class, they do not work.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    // The images are the same for all subjects; the first one's are measured.
    let measured = (evidence.probes.first ?? []).compactMap { entry in
      entry.probe.otherClass.map { (name: entry.name, distance: $0) }
    }
    guard !measured.isEmpty, let largest = evidence.plan.radii.last else {
      return .notApplicable("no distance between classes was measured")
    }
    var overlapping = AuditCount()
    for entry in measured { overlapping.add(entry.distance <= 2 * largest.value, entry.name) }
    let median = measured.map(\.distance).sorted()[measured.count / 2]
    let text =
      "the nearest image of another class is \(GridWords.number(median)) away (median of \(measured.count)); the balls of "
      + "ε = \(largest.text) overlap on \(overlapping.text) images"
    let found = evidence.summary.subjects[subject].medianDistance
    if found.isFinite, found > median {
      return AuditOpinion(.fail, text + "; attacks find nothing nearer than \(GridWords.number(found))")
    }
    return AuditOpinion(overlapping.exceeds(0.01) ? .warn : .pass, text, images: overlapping.names)
  }
}
