/// E10: the same image gets the same answer, and images that nearly are the same get nearly the same.
struct StablePredictions: AuditCheck {
  static let card = AuditCard(
    "E10", "two passes of one image agree, and nearby images nearly do",
    advice:
      "Where nearby images differ, gradients say little about the way: average them over a neighbourhood, and add a "
      + "query attack. Attack a random model over several draws, with samples=20 or more, or with autoattack:version=rand; make "
      + "its random numbers a function of image and draw, or no figure can be repeated.")

  /// The share of its lead by which a label may win or lose among nearby images. Pintor et al. 2022 allow a tenth of
  /// the loss on average over the images; plain networks on small pictures come near it (half of lenet5's images move
  /// by more), a binarised one moves by two thirds.
  private static let allowed = 0.25

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    guard !evidence.probes[subject].isEmpty else { return evidence.withoutLook(subject) }
    var (draws, differs, unstable) = (AuditCount(), AuditCount(), AuditCount())
    for entry in evidence.probes[subject] {
      draws.add(entry.probe.repetition == .draws, entry.name)
      differs.add(entry.probe.repetition == .differs, entry.name)
      unstable.add(entry.probe.instability > Self.allowed, entry.name)
    }
    if differs.hits > 0 {
      return AuditOpinion(
        .fail, "logits differ from pass to pass on \(differs.text) images", images: differs.names)
    }
    let nearby =
      "among \(AuditTrials.neighbours) points within 4/255 the lead of the label changes by more than a quarter on "
      + "\(unstable.text) images"
    // Close to a boundary a small change is a large share of the lead: only the rule, not the exception, tells.
    if unstable.exceeds(0.5) { return AuditOpinion(.warn, nearby, images: unstable.names) }
    guard draws.hits > 0 else {
      return AuditOpinion(.pass, "the same logits twice on all of \(draws.images) images; \(nearby)")
    }
    return aboutDraws(draws, evidence)
  }

  private func aboutDraws(_ draws: AuditCount, _ evidence: AuditEvidence) -> AuditOpinion {
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
