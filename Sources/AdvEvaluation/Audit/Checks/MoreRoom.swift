/// E3: what a radius breaks, a larger one breaks too.
struct MoreRoom: AuditCheck {
  static let card = AuditCard(
    "E3", "accuracy does not rise with ε",
    advice:
      "The attack loses its way at the larger radius: give it more steps, or smaller ones. The curves show the "
      + "envelope, which counts an image as broken from its smallest radius on.")

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let steps = Self.steps(of: evidence.plan)
    guard !steps.isEmpty else { return .notApplicable("no two radii with the same attacks") }
    let fates = evidence.fates[subject]
    var count = AuditCount()
    for (image, name) in evidence.summary.identifiers.enumerated() {
      count.add(steps.contains { fates[$0 - 1][image].isBroken && !fates[$0][image].isBroken }, name)
    }
    guard count.exceeds(0.01) else {
      return AuditOpinion(.pass, "\(count.text) images are broken at a radius and not at a larger one")
    }
    let worst = evidence.summary.subjects[subject].worst.map(\.robust)
    let texts = evidence.plan.radii.map(\.text)
    let rise = steps.first { worst[$0] > worst[$0 - 1] }.map {
      "; \(worst[$0 - 1]) images are left at \(texts[$0 - 1]), \(worst[$0]) at \(texts[$0])"
    }
    return AuditOpinion(
      rise == nil ? .warn : .fail,
      "\(count.text) images are broken at a radius and not at a larger one" + (rise ?? ""),
      images: count.names)
  }

  /// The radii that are larger than the one before them and attacked by all that it was attacked by.
  private static func steps(of plan: GridPlan) -> [Int] {
    let attacks = plan.radii.indices.map { radius in
      Set(plan.cells.filter { $0.radius == radius }.map(\.attack))
    }
    return plan.radii.indices.dropFirst().filter {
      !attacks[$0 - 1].isEmpty && attacks[$0].isSuperset(of: attacks[$0 - 1])
    }
  }
}
