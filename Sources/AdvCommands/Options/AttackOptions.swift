import AdvAttacks
import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvRuntime
import AdvThreat
import ArgumentParser

/// What the attack may do, and what it is after. Texts are read by the libraries that own their meaning.
struct AttackOptions: ParsableArguments {
  @Option(
    name: .customLong("attack"),
    help: ArgumentHelp(
      "name[:key=value,…], as in pgd:steps=40,restarts=5 (see `advkit attacks`), or a recipe: FILE.yaml "
        + "(default: fgsm).",
      valueName: "attack"))
  var named: String?

  /// The attack that was asked for.
  var attack: String { named ?? "fgsm" }

  // Unconditional, so that a negative number reaches its own message instead of being read as an option.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Radius: 0.007, 8/255 or 2px (levels), or a list of them.", valueName: "eps"))
  var eps: String?

  @Flag(help: "Find the smallest radius for each image instead; attacks with a fixed budget are bisected.")
  var minimal = false

  @Option(
    help: ArgumentHelp(
      "A VNN-LIB property of the network's own input and outputs, in place of images and --eps.",
      valueName: "file"))
  var vnnlib: String?

  @Option(
    help: ArgumentHelp(
      "linf, l2, l1 or l0 (default: linf, of an attack with one norm that one).", valueName: "norm"))
  var norm: String?

  @Option(
    help: ArgumentHelp("untargeted or targeted (the default where --target is given).", valueName: "goal"))
  var goal: String?

  @Option(help: ArgumentHelp("The class to reach, by index or label.", valueName: "class"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "How ε meets the 256 levels of a file: strict (never more than ε) or nearest.", valueName: "rule"))
  var epsRounding = "strict"

  @Flag(
    inversion: .prefixedNo,
    help: "Mend images that rounding to levels has spoilt, one level at a time, inside the ball.")
  var repair = true

  @Flag(help: "Show the model rounded candidates from the start, instead of rounding at the end.")
  var lattice = false

  @Option(
    help: ArgumentHelp("At most this many forward passes of attack and repair per image.", valueName: "n"))
  var maxQueries: Int?

  @Option(
    help: ArgumentHelp(
      "End the run after this time: images in progress are judged at their best so far, later ones left out.",
      valueName: "s"))
  var maxSeconds: Double?

  @Option(help: ArgumentHelp("Fixes every random draw.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Arithmetic of the search: exact, fast or bf16. Verdicts are always exact.", valueName: "name"))
  var precision = Precision.fast

  @Option(
    help: ArgumentHelp(
      "The model behind a defence, name[:key=value,…], several joined by + (see `advkit defenses`).",
      valueName: "defence"))
  var defense = "none"

  @Flag(help: "Attack the model without its defence; the verdict is still the defended one's.")
  var nonAdaptive = false

  func validate() throws {
    if eps != nil, minimal { throw ValidationError("--eps and --minimal exclude each other.") }
    if minimal, epsRounding != "strict" {
      throw ValidationError("--eps-rounding needs a radius, and --minimal has none.")
    }
    if let maxQueries, maxQueries < 1 {
      throw ValidationError("--max-queries is \(maxQueries), expected 1 or more.")
    }
    if let maxSeconds, !(maxSeconds > 0 && maxSeconds <= 1e9) {
      throw ValidationError("--max-seconds is \(maxSeconds), expected more than 0.")
    }
  }

  /// The radii in the order given, or the search for the smallest one, or what the attack itself allows.
  func threats(of attack: ConfiguredAttack) throws -> [AttackRun.Threat] {
    if attack.card.scope == .problem, minimal || lattice || maxQueries != nil {
      throw InputError(
        "attack '\(attack.card.id)' makes one perturbation for all images: --minimal, --lattice and\n"
          + "  --max-queries are about single images; leave them away.")
    }
    return try Self.threats(of: attack, eps: eps, minimal: minimal, norm: norm)
  }

  /// The same of options that another command has.
  static func threats(
    of attack: ConfiguredAttack, eps: String?, minimal: Bool, norm: String?
  ) throws -> [AttackRun.Threat] {
    if let threat = attack.threat {
      guard eps == nil, !minimal else {
        throw InputError(
          "attack '\(attack.card.id)' may \(threat.explanation): it takes no radius.\n"
            + "  Leave --eps and --minimal away; its parameters say how far it goes (`advkit explain "
            + "\(attack.card.id)`).")
      }
      return [.own(threat)]
    }
    guard eps != nil || minimal else {
      throw ValidationError("Missing a radius: give --eps, or --minimal.")
    }
    let only = attack.card.norms.count == 1 ? attack.card.norms[0] : .linf
    let norm: Norm = try norm.map { try Lists.choice($0, option: "--norm") } ?? only
    guard let eps else { return [.minimal(norm)] }
    return try Epsilon.list(eps, norm: norm).map { .within($0) }
  }

  /// The attack with its parameters; throws for what it cannot do, before a model is loaded.
  func configured() throws -> ConfiguredAttack {
    try Self.configured(attack)
  }

  /// The defences; throws for what no catalogue knows.
  func chain() throws -> DefenseChain {
    let chain = try DefenseChain(parsing: defense)
    guard nonAdaptive else { return chain }
    if chain.defenses.isEmpty {
      throw InputError("--non-adaptive needs a --defense that the attack ignores.")
    }
    return try DefenseChain(parsing: defense + DefenseChain.unknownToAttacker)
  }

  /// The attack that a specifier or the path of a recipe names.
  static func configured(_ attack: String) throws -> ConfiguredAttack {
    AttackRecipe.isPath(attack)
      ? try AttackRecipe.attack(path: attack) : try AttackCatalog.attack(attack)
  }

  /// The rounding rule.
  func rounding() throws -> EpsilonRounding { try Lists.choice(epsRounding, option: "--eps-rounding") }

  /// What the attack is after; a target is an index or a label of the model.
  func aim(at model: Model) throws -> AttackRun.Aim {
    let goal: Goal =
      try self.goal.map { try Lists.choice($0, option: "--goal") }
      ?? (target == nil ? .untargeted : .targeted)
    switch (goal, target) {
    case (.untargeted, nil): return .untargeted
    case (.untargeted, _?): throw InputError("--goal untargeted and --target exclude each other.")
    case (.targeted, nil): throw InputError("--goal targeted needs a class: add --target, by index or label.")
    case (.targeted, let target?): return .targeted(try ClassNames.index(of: target, in: model))
    }
  }

  /// Gives a run everything but its radius.
  func configure(_ run: inout AttackRun, aim: AttackRun.Aim) throws {
    (run.rounding, run.repairs, run.aim, run.seed) = (try rounding(), repair, aim, seed)
    (run.isOnLattice, run.maxQueries) = (lattice, maxQueries)
  }

  /// The options that make the same attack again, at one radius.
  func arguments(at threat: AttackRun.Threat) -> [String] {
    var words = ["--attack", attack]
    switch threat {
    case .within(let epsilon): words += ["--norm", threat.norm.rawValue, "--eps", epsilon.text]
    case .minimal: words += ["--norm", threat.norm.rawValue, "--minimal"]
    case .own: break
    }
    if defense != DefenseChain.none { words += ["--defense", defense] }
    if nonAdaptive { words.append("--non-adaptive") }
    if lattice { words.append("--lattice") }
    if let maxQueries { words += ["--max-queries", "\(maxQueries)"] }
    if let maxSeconds { words += ["--max-seconds", "\(maxSeconds)"] }
    if let target { words += ["--target", target] }
    if epsRounding != "strict" { words += ["--eps-rounding", epsRounding] }
    if !repair { words.append("--no-repair") }
    if precision != .fast { words += ["--precision", precision.rawValue] }
    return words + ["--seed", "\(seed)"]
  }
}

/// Classes of a model by index or label.
enum ClassNames {
  /// The index that a word stands for; unknown labels are answered with the nearest ones.
  static func index(of word: String, in model: Model) throws -> Int {
    let labels = model.card.labels ?? []
    if let index = labels.firstIndex(of: word) { return index }
    if let index = Int(word) {
      guard index >= 0, index < model.classCount else {
        throw InputError(
          "class \(index) is not one of model '\(model.name)', expected 0…\(model.classCount - 1).")
      }
      return index
    }
    let near = nearestNames(to: word, among: labels)
    throw InputError(
      "class '\(word)' is not one of model '\(model.name)'."
        + (near.isEmpty
          ? " Give its name or its index, 0…\(model.classCount - 1)."
          : " Did you mean \(near.joined(separator: ", "))?"))
  }

  /// The name of every class, its number where the card has no labels.
  static func all(of model: Model) -> [String] { (0..<model.classCount).map(model.card.label) }
}
