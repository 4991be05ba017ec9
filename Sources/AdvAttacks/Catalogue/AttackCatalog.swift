import AdvThreat

/// All attacks by name: one line each.
public enum AttackCatalog {
  /// Every name that an attack can be asked for by.
  public static var all: [AttackEntry] { attacks + cascades }

  /// The attacks and presets, in the order of documentation.
  public static let attacks: [AttackEntry] = [
    AttackEntry(FastGradient()),
    AttackEntry(
      PGD.basicIterative,
      card: PGD.card.named(
        "bim", "Basic iterative method", paper: "arXiv:1607.02533",
        rule: "x <- project(x + alpha steepest(grad loss(x))), from the image")),
    AttackEntry(PGD()),
    AttackEntry(MomentumFGSM()),
    AttackEntry(NesterovFGSM()),
    AttackEntry(DiverseInputsFGSM()),
    AttackEntry(TranslationInvariantFGSM()),
    AttackEntry(ScaleInvariantFGSM()),
    AttackEntry(VarianceTunedFGSM()),
    AttackEntry(APGD()),
    AttackEntry(TargetedAPGD()),
    AttackEntry(SparseDescent()),
    AttackEntry(DeepFool()),
    AttackEntry(DDN()),
    AttackEntry(FMN()),
    AttackEntry(CarliniWagner()),
    AttackEntry(ElasticNet()),
    AttackEntry(FAB()),
    AttackEntry(
      FAB.targeted,
      card: FAB.card.named(
        "fab-t", "Targeted fast adaptive boundary", rule: "FAB against one rival at a time")),
    AttackEntry(SaliencyMap()),
    AttackEntry(BrendelBethge()),
    AttackEntry(Square()),
    AttackEntry(SPSA()),
    AttackEntry(NES()),
    AttackEntry(SimBA()),
    AttackEntry(ZOO()),
    AttackEntry(OnePixel()),
    AttackEntry(Pixle()),
    AttackEntry(BoundaryAttack()),
    AttackEntry(HopSkipJump()),
    AttackEntry(SignOPT()),
    AttackEntry(GeoDA()),
    AttackEntry(Universal()),
    AttackEntry(Patch()),
    AttackEntry(Spatial()),
    AttackEntry(Flow()),
    AttackEntry(Noise()),
    AttackEntry(Blend()),
    AttackEntry(Blur()),
    AttackEntry(Contrast()),
  ]

  /// Several of them one after the other.
  public static let cascades: [AttackEntry] =
    [
      AttackEntry(AutoAttack()),
      AttackEntry(
        AutoAttack.reference,
        card: AutoAttack.card.named(
          "reference", "AutoAttack with the quirks of its program",
          rule: "AutoAttack, Square's windows as published")),
    ]
    + recipes.map { Cascade.entry($0.name, $0.title, rule: $0.rule, $0.members) }

  /// The members of a cascade as specifiers, in their order; none for another name.
  public static func members(ofCascade name: String) -> [String] {
    switch name {
    case AutoAttack.card.id: AutoAttack().members(.linf)
    case "reference": AutoAttack.reference.members(.linf)
    default: recipes.first { $0.name == name }?.members ?? []
    }
  }

  private static let recipes: [(name: String, title: String, rule: String, members: [String])] = [
    (
      "strong", "AutoAttack with more starts",
      "AutoAttack plus: five starts, DLR without targets, FAB on all classes",
      [
        "apgd:restarts=5,variant=mended", "apgd:restarts=5,loss=dlr,variant=mended", "fab:restarts=5",
        "square",
        "apgd-t:variant=mended", "fab-t",
      ]
    ),
    (
      "fast", "A few gradient attacks for continuous integration",
      "FGSM, PGD on the margin, a short auto-PGD",
      ["fgsm", "pgd:steps=10,relative-step=0.25,loss=margin", "apgd:steps=20,loss=dlr"]
    ),
  ]

  /// The entry of a name; throws with the nearest names.
  public static func entry(named name: String) throws(ThreatError) -> AttackEntry {
    if let entry = all.first(where: { $0.card.id == name }) { return entry }
    throw .unknownName(kind: "attack", name: name, nearest: nearestNames(to: name, among: all.map(\.card.id)))
  }

  /// The attack of a specifier: `name[:key=value,…]`, as in `pgd:steps=40,restarts=5,loss=dlr`.
  public static func attack(_ specifier: String) throws(ThreatError) -> ConfiguredAttack {
    let parsed: Specifier
    do throws(SettingError) { parsed = try Specifier(parsing: specifier) } catch { throw .setting(error) }
    return try entry(named: parsed.name).attack(with: parsed.settings.map { ($0.name, $0.value) })
  }
}
