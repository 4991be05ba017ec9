/// E1: clean and robust accuracy are shares of the same images, and every image has an answer.
struct SameImages: AuditCheck {
  static let card = AuditCard(
    "E1", "all figures are shares of the same images, and each has an answer",
    advice:
      "Finish the run with --resume. In run.sqlite, rows of results with outcome 'error' and those of probes tell "
      + "on which images the model failed and how.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let summary = evidence.summary
    let errors = summary.subjects[subject].cells.reduce(0) { $0 + $1.errors }
    let failed = evidence.failedLooks[subject]
    var faults: [String] = []
    if errors > 0 { faults.append("\(errors) results are errors; they count as not robust") }
    if !failed.isEmpty {
      faults.append(
        "the model failed on \(failed.count) images that were looked at more closely, first: \(failed[0].reason)"
      )
    }
    if !faults.isEmpty {
      return AuditOpinion(.fail, faults.joined(separator: "; "), images: failed.map(\.name))
    }
    if !summary.isComplete {
      return AuditOpinion(
        .warn, "\(summary.images) of \(summary.plan.data.images) images have all their results")
    }
    return AuditOpinion(.pass, "\(summary.images) images, no error")
  }
}
