import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvRuntime
import AdvThreat
import ArgumentParser

/// The grid of `advkit evaluate`: models × defences × attacks × ε.
struct GridOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Names or files, name:weights=FILE,arch=NAME for a checkpoint; all for every built-in one.",
      valueName: "list"))
  var models: String

  @Option(
    help: ArgumentHelp(
      "Defences, none for the model as it is: none,jpeg:quality=50,bit-depth+median (see `advkit defenses`).",
      valueName: "list"))
  var defenses = "none"

  @Flag(help: "Beside every defence, attack the model without it and judge the defended one.")
  var nonAdaptive = false

  @Option(
    help: ArgumentHelp(
      "Attacks or recipes, as in fgsm,pgd:steps=40,restarts=5,autoattack.", valueName: "list"))
  var attacks: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Radii, as in 1/255,2/255,8/255 or 1px,2px.", valueName: "list"))
  var eps: String?

  @Option(help: ArgumentHelp("linf, l2, l1 or l0.", valueName: "norm"))
  var norm = "linf"

  @Option(
    help: ArgumentHelp(
      "How ε meets the 256 levels of a file: strict (never more than ε) or nearest.", valueName: "rule"))
  var epsRounding = "strict"

  @Flag(inversion: .prefixedNo, help: "Mend images that rounding to levels has spoilt, inside the ball.")
  var repair = true

  @Flag(help: "Run every attack on every image, not only on those that cheaper attacks have left.")
  var everyAttack = false

  @Flag(help: "Show the adversarial images of every model to all the others.")
  var transfer = false

  @Flag(help: "Measure clean accuracy with each of the six knobs of shapes10 turned, too.")
  var nuisances = false

  @Option(
    help: ArgumentHelp(
      "Images on which the audit makes attacks of its own, spread over the data; 0 for none.", valueName: "n")
  )
  var auditImages = GridRequest.auditImages

  @Option(
    help: ArgumentHelp(
      "Random points of the ball that the audit tries at most on an image that the attacks left.",
      valueName: "n"))
  var auditDraws = GridPlan.auditDraws

  @Option(
    help: ArgumentHelp(
      "Measure clean accuracy under corruptions at five severities, too: all, benchmark (15 of 19) or names.",
      valueName: "list"))
  var corruptions = "none"

  @Option(help: ArgumentHelp("Fixes every random draw.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Arithmetic of the search: exact, fast or bf16. Verdicts are always exact.", valueName: "name"))
  var precision = Precision.fast

  func validate() throws {
    try Self.check(auditDraws: auditDraws)
    if auditImages < 0 { throw ValidationError("--audit-images is \(auditImages), expected 0 or more.") }
    if (attacks == nil) != (eps == nil) {
      throw ValidationError("--attacks and --eps belong together; leave both away for clean accuracy alone.")
    }
  }

  /// Throws for a number of draws that no image can be asked about.
  static func check(auditDraws: Int) throws {
    guard (0...1_000_000).contains(auditDraws) else {
      throw ValidationError("--audit-draws is \(auditDraws), expected 0…1000000.")
    }
  }

  /// The request; `data` tells which images.
  func request(_ data: DataOptions) throws -> GridRequest {
    var request = GridRequest(models: try names())
    request.defenses = try Specifiers.list(defenses, option: "--defenses").flatMap { defense in
      let hasBoth = nonAdaptive && defense != DefenseChain.none
      return hasBoth ? [defense, defense + DefenseChain.unknownToAttacker] : [defense]
    }
    request.norm = try Lists.choice(norm, option: "--norm")
    request.attacks = try attacks.map { try Specifiers.list($0, option: "--attacks") } ?? []
    request.epsilons = try eps.map { try Epsilon.list($0, norm: request.norm) } ?? []
    for radius in request.epsilons where request.epsilons.filter({ $0.value == radius.value }).count > 1 {
      throw InputError("--eps '\(eps ?? "")': \(radius.text) occurs twice.")
    }
    (request.data, request.repairs, request.seed) = (data, repair, seed)
    request.rounding = try Lists.choice(epsRounding, option: "--eps-rounding")
    (request.precision, request.auditImages, request.auditDraws) = (precision, auditImages, auditDraws)
    (request.survivorsOnly, request.transfers, request.nuisances) = (!everyAttack, transfer, nuisances)
    request.corruptions = corruptions
    request.command = arguments(data)
    return request
  }

  private func names() throws -> [String] {
    if models == "all" {
      return try ModelCatalog.builtIn.filter { try ModelCatalog.builtInCard($0)?.inputSize?.count == 3 }
    }
    return try Specifiers.list(models, option: "--models")
  }

  /// The command that gives the same results.
  private func arguments(_ data: DataOptions) -> [String] {
    var words = ["advkit", "evaluate", "--models", models]
    if let attacks, let eps { words += ["--attacks", attacks, "--eps", eps, "--norm", norm] }
    if defenses != DefenseChain.none { words += ["--defenses", defenses] }
    words += data.isLabelled ? data.dataset.map { ["--dataset", $0] } ?? [] : ["--images"] + data.images
    if let limit = data.limit { words += ["--limit", "\(limit)"] }
    if data.offset > 0 { words += ["--offset", "\(data.offset)"] }
    if let classes = data.classes { words += ["--classes", classes] }
    if epsRounding != "strict" { words += ["--eps-rounding", epsRounding] }
    for (flag, isSet) in [
      ("--no-repair", !repair), ("--every-attack", everyAttack), ("--transfer", transfer),
      ("--nuisances", nuisances), ("--non-adaptive", nonAdaptive),
    ] where isSet { words.append(flag) }
    if auditImages != GridRequest.auditImages { words += ["--audit-images", "\(auditImages)"] }
    if auditDraws != GridPlan.auditDraws { words += ["--audit-draws", "\(auditDraws)"] }
    if corruptions != "none" { words += ["--corruptions", corruptions] }
    if precision != .fast { words += ["--precision", precision.rawValue] }
    return words + ["--seed", "\(seed)"]
  }
}
