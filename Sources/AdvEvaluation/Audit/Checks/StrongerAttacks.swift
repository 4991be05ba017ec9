import AdvThreat

/// E2: projected gradient descent leaves no more images than its own first step.
struct StrongerAttacks: AuditCheck {
  static let card = AuditCard(
    "E2", "more steps leave no more images: PGD ≤ BIM ≤ FGSM",
    advice:
      "Let the steps reach through the ball from a random start: steps × relative-step of 2 or more, such as "
      + "pgd:steps=40, or start=origin.")

  private static let order = ["fgsm", "bim", "pgd"]

  func opinion(on subject: Int, _ evidence: AuditEvidence) -> AuditOpinion {
    let ranked = evidence.attacks.enumerated().compactMap { attack, configured in
      configured.flatMap { Self.order.firstIndex(of: $0.card.id) }.map { (attack: attack, rank: $0) }
    }
    guard Set(ranked.map(\.rank)).count > 1 else { return .notApplicable("no two of FGSM, BIM and PGD ran") }
    guard !evidence.plan.survivorsOnly else {
      return .notApplicable(
        "later attacks got only what earlier ones left, so none can leave more (--every-attack)")
    }
    var worst = AuditOpinion(.pass, "no order is reversed at any radius")
    for weak in ranked {
      for strong in ranked where strong.rank > weak.rank {
        for radius in evidence.plan.radii.indices {
          let found = compare(strong.attack, weak.attack, radius, subject, evidence)
          if let found, found.status > worst.status { worst = found }
        }
      }
    }
    return worst
  }

  private func compare(
    _ strong: Int, _ weak: Int, _ radius: Int, _ subject: Int, _ evidence: AuditEvidence
  ) -> AuditOpinion? {
    let cells = evidence.summary.subjects[subject].cells
    func cell(_ attack: Int) -> GridSummary.Cell? {
      cells.first { $0.cell == GridPlan.Cell(attack: attack, radius: radius) }
    }
    guard let strong = cell(strong), let weak = cell(weak), strong.robust > weak.robust else { return nil }
    var lost = AuditCount()
    var won = 0
    for (image, name) in evidence.summary.identifiers.enumerated() {
      lost.add(strong.mask[image] && !weak.mask[image], name)
      if weak.mask[image] && !strong.mask[image] { won += 1 }
    }
    let isCertain = McNemar.pValue(onlyA: lost.hits, onlyB: won) < 0.05
    let plan = evidence.plan
    return AuditOpinion(
      isCertain ? .fail : .warn,
      "\(plan.title(of: strong.cell)) leaves \(strong.robust) of \(lost.images), "
        + "\(plan.attacks[weak.cell.attack].written) \(weak.robust)" + reach(strong, evidence),
      images: lost.names)
  }

  /// How far the stronger attack's steps can carry, where that is the likely reason.
  private func reach(_ cell: GridSummary.Cell, _ evidence: AuditEvidence) -> String {
    let parameters = evidence.attacks[cell.cell.attack]?.parameters ?? []
    func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value.text }
    guard value("start") == "random", let steps = value("steps").flatMap(Double.init),
      let length = value("relative-step").flatMap(Double.init), steps * length < 2
    else { return "" }
    return
      ": its \(Int(steps)) steps go \(GridWords.number(steps * length)) ε from a random start, the ball is 2 ε wide"
  }
}
