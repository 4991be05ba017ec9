import AdvAttacks
import AdvData
import AdvDefenses
import AdvEvaluation
import AdvFormats
import AdvModels
import AdvRuntime
import AdvSettings
import AdvThreat

/// What a grid is asked to do, in the user's words; `prepare` finds out what they stand for.
struct GridRequest {
  var models: [String]
  var defenses = ["none"]
  /// By cost, so that attacks on survivors see as few images as can be.
  var attacks: [String] = []
  var epsilons: [Epsilon] = []
  var norm = Norm.linf
  /// The cells to work on, by attack and radius as written; nil for all.
  var cells: [(attack: String, epsilon: String)]?
  var data = DataOptions()
  var rounding = EpsilonRounding.strict
  var repairs = true
  var seed: UInt64 = 0
  var precision = Precision.fast
  var survivorsOnly = true
  var transfers = false
  var nuisances = false
  var corruptions = "none"
  var auditImages = Self.auditImages
  var auditDraws = GridPlan.auditDraws
  /// The digest of all images, where a ledger vouches for it; nil has them looked at, and kept away from what defences
  /// learn from.
  var dataDigest: String?
  var command: [String] = []

  /// Images that the audit looks at more closely unless the user says otherwise.
  static let auditImages = 16

  /// The plan, and the run that carries it out.
  func prepare(threads: Int, quiet: Bool, on console: Console) throws -> GridRun {
    let ordered = try attacks.map { ($0, try AttackCost.passes($0)) }
      .enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }.map(\.element.0)
    let configured = try ordered.map { try attack($0) }
    try requireRoom()
    let radii = epsilons.sorted { $0.value < $1.value }
    let chains = try defenses.map { try DefenseChain(parsing: $0) }
    let loaded = try models.map { ($0, try load($0, quiet: quiet, on: console)) }
    guard let first = loaded.first?.1 else { throw InputError("--models names no model.") }
    let dataset = try data.open(for: first)
    let conditions =
      (nuisances ? try Conditions.turned(data, for: first) : [])
      + Conditions.corrupted(
        try Conditions.corruptions(corruptions, option: "--corruptions"), dataset,
        isLabelled: data.isLabelled, seed: seed)
    let evaluated = dataDigest == nil ? try DefendedModel.digests(of: dataset, for: chains) : []
    var (facts, subjects): ([GridPlan.Subject], [GridRun.Subject]) = ([], [])
    for (written, model) in loaded {
      if data.isLabelled { try DataOptions.check(dataset, fits: model) }
      let source = source(dataset, for: model)
      for chain in chains {
        let defended = try DefendedModel(
          model, behind: chain, evaluating: evaluated, seed: seed, precision: precision)
        facts.append(try Self.facts(model, written, chain, defended, names: loaded.map(\.1.name)))
        subjects.append(
          GridRun.Subject(
            source: source, conditions: try conditions.map { try $0.source(model) }
          ) { try defended.makeOracle() })
      }
    }
    var plan = GridPlan(
      subjects: facts, attacks: try zip(configured, ordered).map { try Self.facts($0, $1) },
      radii: radii.map(GridPlan.Radius.init), norm: norm,
      data: try dataFacts(dataset, options: try data.arguments(for: first), threads: threads),
      command: command)
    plan.conditions = conditions.map(\.facts)
    complete(&plan)
    plan.cells = plan.cells.filter { cell in
      cells?.contains { $0 == (ordered[cell.attack], radii[cell.radius].text) } ?? true
    }
    return GridRun(plan: plan, subjects: subjects, attacks: configured, radii: radii)
  }

  /// Throws for a radius of 0: every attack would give the clean image back, and its figures would seem measured.
  private func requireRoom() throws {
    guard let empty = epsilons.first(where: { $0.value == 0 }) else { return }
    throw InputError(
      "ε is '\(empty.text)': nothing may change there, and what is left is the clean accuracy, which every report has "
        + "anyway.\n  Leave this radius away; a rule about clean accuracy is min-clean-accuracy.")
  }

  private func dataFacts(_ dataset: any Dataset, options: [String], threads: Int) throws -> GridPlan.Data {
    let source = ImageSource(dataset, isLabelled: data.isLabelled)
    return GridPlan.Data(
      name: dataset.name, options: options, images: dataset.count, isLabelled: data.isLabelled,
      sha256: try dataDigest ?? DataDigest.of(source, threads: threads))
  }

  /// The options that need no preparation.
  private func complete(_ plan: inout GridPlan) {
    (plan.rounding, plan.repairs, plan.precision) = (rounding.rawValue, repairs, precision.rawValue)
    (plan.seed, plan.survivorsOnly, plan.transfers) = (seed, survivorsOnly, transfers)
    (plan.auditImages, plan.auditDraws) = (auditImages, auditDraws)
  }

  private func attack(_ written: String) throws -> ConfiguredAttack {
    let attack =
      AttackRecipe.isPath(written)
      ? try AttackRecipe.attack(path: written) : try AttackCatalog.attack(written)
    // The pieces of a grid are batches, and its columns are radii.
    guard attack.card.scope == .image, attack.card.kind != .threat else {
      let why = attack.card.kind == .threat ? "has no radius" : "needs all images at once"
      throw InputError("attack '\(written)' \(why), which a grid cannot give; use advkit attack for it.")
    }
    guard attack.card.norms.contains(norm) else {
      let known = attack.card.norms.map(\.rawValue).joined(separator: ", ")
      throw InputError("attack '\(written)' does not work in the norm \(norm.rawValue), expected \(known).")
    }
    return attack
  }

  /// `name`, a file, or `name:weights=FILE,arch=NAME,card=FILE`; other settings are the network's own.
  private func load(_ written: String, quiet: Bool, on console: Console) throws -> Model {
    var specifier = try Specifier(parsing: written)
    func take(_ key: String) -> String? {
      defer { specifier.settings.removeAll { $0.name == key } }
      return specifier.settings.first { $0.name == key }?.value
    }
    let (weights, architecture, card) = (take("weights"), take("arch"), take("card"))
    let request = ModelRequest(
      specifier.text, weights: weights, architecture: architecture, cardPath: card)
    let loaded = try ModelLoader.load(request)
    if !quiet { loaded.notes.forEach { console.note("\(specifier.name): \($0)") } }
    return loaded.model
  }

  private func source(_ dataset: any Dataset, for model: Model) -> ImageSource {
    ImageSource(dataset, isLabelled: data.isLabelled) { image, source in
      try model.prepare(image, named: source)
    }
  }

  /// Two files of one name are told apart by what the user wrote.
  private static func facts(
    _ model: Model, _ written: String, _ chain: DefenseChain, _ defended: DefendedModel, names: [String]
  ) throws -> GridPlan.Subject {
    let isUnique = names.filter { $0 == model.name }.count == 1
    let weights = model.card.sha256.map { own in
      defended.memberDigests.isEmpty
        ? own : SHA256.hex(of: Array((own + defended.memberDigests.joined()).utf8))
    }
    return GridPlan.Subject(
      written: written, model: isUnique ? model.name : written, architecture: model.architectureName,
      weightsSHA256: weights, cardSHA256: SHA256.hex(of: try model.card.json()),
      classes: ClassNames.all(of: model), defense: chain.text)
  }

  private static func facts(_ attack: ConfiguredAttack, _ written: String) throws -> GridPlan.AttackFacts {
    var facts = GridPlan.AttackFacts(attack, written: written)
    if AttackRecipe.isPath(written) { facts.specifier = attack.card.rule }
    return facts
  }
}

extension GridRequest {
  /// The request that an earlier run's plan answers, or a part of it; the images are taken for what they were.
  init(_ plan: GridPlan) throws {
    var models: [String] = []
    for subject in plan.subjects where !models.contains(subject.written) { models.append(subject.written) }
    self.init(models: models)
    defenses = []
    for subject in plan.subjects where !defenses.contains(subject.defense) {
      defenses.append(subject.defense)
    }
    norm = try Lists.choice(plan.norm, option: "--norm")
    attacks = plan.attacks.map(\.written)
    epsilons = try plan.radii.map { try Epsilon($0.text, norm: norm) }
    cells = plan.cells.map { (plan.attacks[$0.attack].written, plan.radii[$0.radius].text) }
    data = try DataOptions.parse(plan.data.options)
    (rounding, repairs) = (try Lists.choice(plan.rounding, option: "--eps-rounding"), plan.repairs)
    (seed, survivorsOnly, transfers) = (plan.seed, plan.survivorsOnly, plan.transfers)
    precision = Precision(rawValue: plan.precision) ?? .fast
    let names = plan.conditions.map(\.name).reduce(into: [String]()) { all, one in
      if !all.contains(one) { all.append(one) }
    }
    nuisances = names.contains(Nuisances.knobs[0].name)
    let corrupted = names.filter { name in !Nuisances.knobs.contains { $0.name == name } }
    if !corrupted.isEmpty { corruptions = corrupted.joined(separator: ",") }
    command = plan.command
    (auditImages, auditDraws, dataDigest) = (plan.auditImages, plan.auditDraws, plan.data.sha256)
  }
}
