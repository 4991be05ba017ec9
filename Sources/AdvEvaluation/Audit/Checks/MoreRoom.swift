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
      count.add(steps.contains { fates[$0.from][image].isBroken && !fates[$0.to][image].isBroken }, name)
    }
    guard count.exceeds(0.01) else {
      return AuditOpinion(.pass, "\(count.text) images are broken at a radius and not at a larger one")
    }
    let worst = evidence.summary.subjects[subject].worst.map(\.robust)
    let texts = evidence.plan.radii.map(\.text)
    let rise = steps.first { worst[$0.to] > worst[$0.from] }.map {
      "; \(worst[$0.from]) images are left at \(texts[$0.from]), \(worst[$0.to]) at \(texts[$0.to])"
    }
    return AuditOpinion(
      rise == nil ? .warn : .fail,
      "\(count.text) images are broken at a radius and not at a larger one" + (rise ?? ""),
      images: count.names)
  }

  /// Every radius with the nearest smaller one whose attacks all run at it too.
  private static func steps(of plan: GridPlan) -> [(from: Int, to: Int)] {
    let attacks = plan.radii.indices.map { radius in
      Set(plan.cells.filter { $0.radius == radius }.map(\.attack))
    }
    return plan.radii.indices.compactMap { to in
      (0..<to).last { !attacks[$0].isEmpty && attacks[to].isSuperset(of: attacks[$0]) }.map { ($0, to) }
    }
  }
}
