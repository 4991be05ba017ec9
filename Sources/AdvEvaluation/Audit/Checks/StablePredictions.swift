/// E10: the same image gets the same answer.
struct StablePredictions: AuditCheck {
  static let card = AuditCard(
    "E10", "two passes of one image agree",
    advice:
      "Attack a random model over several draws, with samples=20 or more, or with autoattack:version=rand; make "
      + "its random numbers a function of image and draw, or no figure can be repeated.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard !evidence.probes[subject].isEmpty else {
      return .notApplicable("no image was looked at more closely (--audit-images)")
    }
    var (draws, differs) = (AuditCount(), AuditCount())
    for entry in evidence.probes[subject] {
      draws.add(entry.probe.repetition == .draws, entry.name)
      differs.add(entry.probe.repetition == .differs, entry.name)
    }
    if differs.hits > 0 {
      return AuditOpinion(
        .fail, "logits differ from pass to pass on \(differs.text) images", images: differs.names)
    }
    guard draws.hits > 0 else {
      return AuditOpinion(.pass, "the same logits twice on all of \(draws.images) images")
    }
    let isAveraged = evidence.attacks.contains { attack in
      attack?.parameters.contains { name, value in
        name == "samples" && (Int(value.text) ?? 1) > 1 || name == "version" && value.text == "rand"
      } ?? false
    }
    return AuditOpinion(
      isAveraged ? .pass : .warn,
      "logits differ from draw to draw on \(draws.text) images, "
        + (isAveraged ? "and an attack averages over draws" : "and no attack of the run averages over draws"),
      images: draws.names)
  }
}
