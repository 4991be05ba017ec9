/// E13: the loss has stopped rising when an attack gives up.
struct UnfinishedAscent: AuditCheck {
  static let card = AuditCard(
    "E13", "ascents that failed had come to rest",
    advice: "More steps would have come further: double them until this is quiet.")

  /// The share of the loss's range that the last steps may still win.
  private static let allowed = 0.05

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    var count = AuditCount()
    for entry in evidence.probes[subject] {
      guard let gain = entry.probe.lateGain else { continue }
      count.add(gain > Self.allowed, entry.name)
    }
    guard count.images > 0 else { return evidence.withoutTrial(subject, "no ascent moved") }
    return AuditOpinion(
      count.exceeds(0.1) ? .warn : .pass,
      "on \(count.text) images that the run left, the last ten steps (half of a short ascent) won more than "
        + "5% of the loss's range",
      images: count.names)
  }
}
