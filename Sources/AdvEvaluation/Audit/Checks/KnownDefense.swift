import AdvDefenses

/// E19: who knows the defence does at least as well as who does not.
struct KnownDefense: AuditCheck {
  static let card = AuditCard(
    "E19", "attacks that know the defence leave no more images than the same attacks without that knowledge",
    advice:
      "An adaptive attack could always do what the other does, so the defended model holds no better than against "
      + "the contrast: report the smaller figure. Then attack through the defence with samples=20 or more where it is "
      + "random, more steps and restarts, loss=margin, or a query attack, until this is quiet.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let plan = evidence.plan
    let own = plan.subjects[subject]
    let contrast = plan.subjects.firstIndex {
      $0.written == own.written && $0.defense == own.defense + DefenseChain.unknownToAttacker
    }
    guard let contrast, !plan.cells.isEmpty else {
      return .notApplicable("no attack that does not know the defence ran beside (--non-adaptive)")
    }
    let (aware, unaware) = (
      evidence.summary.subjects[subject].cells, evidence.summary.subjects[contrast].cells
    )
    let weaker = aware.indices.filter { aware[$0].robust > unaware[$0].robust }.map {
      opinion(aware[$0], unaware[$0], evidence)
    }
    guard var worst = weaker.max(by: { ($0.status, $0.images.count) < ($1.status, $1.images.count) }) else {
      return AuditOpinion(.pass, "none of \(aware.count) leaves more than its contrast")
    }
    if weaker.count > 1 {
      worst.evidence += " (so it is with \(weaker.count) of \(aware.count) attacks and radii)"
    }
    return worst
  }

  /// A warning for any excess, a failure where chance is excluded; the images are those that the contrast alone broke.
  private func opinion(
    _ aware: GridSummary.Cell, _ unaware: GridSummary.Cell, _ evidence: AuditEvidence
  ) -> AuditOpinion {
    var lost = AuditCount()
    var won = 0
    for (image, name) in evidence.summary.identifiers.enumerated() {
      lost.add(aware.mask[image] && !unaware.mask[image], name)
      if unaware.mask[image] && !aware.mask[image] { won += 1 }
    }
    return AuditOpinion(
      McNemar.pValue(onlyA: lost.hits, onlyB: won) < 0.05 ? .fail : .warn,
      "\(evidence.plan.title(of: aware.cell)) leaves \(aware.robust) of \(lost.images) images where it knows the "
        + "defence and \(unaware.robust) where it does not", images: lost.names)
  }
}
