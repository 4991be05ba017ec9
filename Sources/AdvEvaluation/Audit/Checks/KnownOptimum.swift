import AdvThreat

/// E15: the run's attacks break a model that is known to be broken.
struct KnownOptimum: AuditCheck {
  static let card = AuditCard(
    "E15", "the run's attacks break a linear model whose optimum is known",
    advice: "The settings are too weak for the easiest of models: more or longer steps.")

  static let isAboutAttacks = true

  func opinion(on subject: Int, _ evidence: AuditEvidence) throws -> AuditOpinion {
    guard evidence.norm != .l0 else { return .notApplicable("no such model for counts of elements") }
    let asked = evidence.attacks.compactMap { $0 }.filter { $0.card.access == .gradients }
    guard !asked.isEmpty else {
      return .notApplicable("no attack with gradients has a name in the catalogue")
    }
    let scenario = try LinearScenario(
      .init(seed: 4, batch: 6, imageShape: [3, 5, 7], classes: 4, place: .inner))
    for attack in asked {
      var broken = 0
      for image in scenario.labels.indices {
        let radius = 2 * scenario.minimalRadius(evidence.norm, image: image)
        let problem = try AttackProblem(
          images: scenario.images.rows([image]), criterion: .untargeted([scenario.labels[image]]),
          objective: .within(Ball(evidence.norm, radius: Float(radius))), ids: [UInt64(image)])
        let result = try attack.run(problem, on: scenario.oracle)
        let verdict = try Verifier(problem, on: scenario.oracle).judge(result, on: scenario.oracle)
        if verdict[0].outcome == .broken { broken += 1 }
      }
      guard broken == scenario.labels.count else {
        return AuditOpinion(
          .fail,
          "\(attack.specifier) breaks \(broken) of \(scenario.labels.count) images at twice the radius they need"
        )
      }
    }
    return AuditOpinion(
      .pass,
      "every attack with gradients breaks \(scenario.labels.count) of \(scenario.labels.count) images at twice "
        + "the radius they need")
  }
}
