import AdvDefenses
import AdvEvaluation
import AdvFormats
import AdvThreat
import ArgumentParser

/// `advkit audit`: can an evaluation of this model be what it seems?
struct AuditCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Ask whether attacks on a model can be trusted: 19 checks, each with its evidence.",
    discussion: """
      advkit audit --model resnet
      advkit audit --model net.onnx --dataset folder:DIR --eps 2/255,8/255 --limit 100

      Runs every attack on every image at every radius, and attacks of its own on the images that these leave. Ends
      with 0 where no check fails, with 1 where one does. `advkit evaluate` and `advkit check` audit themselves.
      """)

  @Option(
    help: ArgumentHelp(
      "A name or file, name:weights=FILE,arch=NAME for a checkpoint.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("A defence, none for the model as it is.", valueName: "name"))
  var defense = "none"
  @Option(help: ArgumentHelp("The attacks that are held to account.", valueName: "list"))
  var attacks = "fgsm,bim,pgd,square:queries=200"
  @Option(parsing: .unconditional, help: ArgumentHelp("Radii, as in 1/255,8/255.", valueName: "list"))
  var eps = "2/255,8/255"
  @Option(help: ArgumentHelp("linf, l2 or l1.", valueName: "norm")) var norm = "linf"
  @Option(
    help: ArgumentHelp(
      "Random points of the ball that are tried at most on an image that the attacks left.", valueName: "n"))
  var auditDraws = 10_000
  @OptionGroup(title: "Images") var data: DataOptions
  @Option(help: ArgumentHelp("Fixes every random draw.", valueName: "n")) var seed: UInt64 = 0
  @Option(
    help: ArgumentHelp(
      "What `advkit certify --out` proved for this very model, its smoothing included: nothing may be broken inside.",
      valueName: "file"))
  var certified: String?
  @Option(
    help: ArgumentHelp("The folder of the run; an earlier run in it is replaced.", valueName: "dir"))
  var out = "reports/run-audit"
  @OptionGroup(title: "Run") var options: RunOptions

  /// Images where nothing else is said; all of them are looked at closely.
  private static let images = 32

  func validate() throws { try GridOptions.check(auditDraws: auditDraws) }

  func execute(on console: Console) throws -> ExitStatus {
    let proofs = try certified.map { try Certificates(json: try FileBytes.read($0), path: $0) }
    var run = try request().prepare(threads: options.threadCount, quiet: options.quiet, on: console)
    if let proofs { try require(proofs, of: run.plan) }
    (run.batch, run.threads) = (min(options.batch, 8), options.threadCount)
    let folder = GridFolder(out)
    let ledger = try folder.ledger(for: run.plan, existing: .replace)
    if let proofs { try ledger.record(proofs, subject: 0) }
    let execution = GridExecution(run, folder, quiet: options.quiet, canResume: false)
    guard let document = try execution.perform(ledger, on: console)
    else {
      return .noResult
    }
    if options.json {
      console.print(try JSONText.of(document.audit))
    } else {
      console.print(console.coloured(GridWords(document).title, .bold))
      AuditText.printAll(document, on: console)
      console.print("\(out)/report.html")
    }
    return document.audit.contains { $0.status == .fail } ? .thresholdMissed : .done
  }

  /// Throws where certificates are of another model, other images or another smoothing than this audit's.
  private func require(_ proofs: Certificates, of plan: GridPlan) throws {
    let subject = plan.subjects[0]
    let defenses = try DefenseChain(parsing: defense).defenses
    let sigma = defenses.compactMap { ($0 as? RandomizedSmoothing)?.sigma }.first
    let others = defense.split(separator: "+").filter { !$0.hasPrefix("smoothing") }.joined(separator: "+")
    let below = others.isEmpty ? "none" : others
    guard let origin = proofs.origin, origin.weightsSHA256 == subject.weightsSHA256,
      origin.data == plan.data.name, origin.defense == below, let sigma,
      abs(origin.sigma - Double(sigma)) < 1e-6
    else {
      let found = proofs.origin.map {
        "'\($0.model)' behind \($0.defense) with noise of \($0.sigma), on \($0.data)"
      }
      throw InputError(
        "\(certified ?? ""): proved for \(found ?? "a model that it does not name"), "
          + "expected '\(subject.model)' behind \(defense), on \(plan.data.name).\n"
          + "  Certificates hold for the smoothed model alone: audit it with --defense smoothing:sigma=… as "
          + "certified, on the same data, with the same weights.")
    }
  }

  private func request() throws -> GridRequest {
    var request = GridRequest(models: [model])
    request.norm = try Lists.choice(norm, option: "--norm")
    request.attacks = try Specifiers.list(attacks, option: "--attacks")
    request.epsilons = try Epsilon.list(eps, norm: request.norm)
    request.defenses = [defense]
    (request.data, request.seed, request.survivorsOnly) = (data, seed, false)
    if data.limit == nil { request.data.limit = Self.images }
    (request.auditImages, request.auditDraws) = (request.data.limit ?? Self.images, auditDraws)
    let (limit, images) = (
      request.data.limit ?? Self.images, data.isLabelled ? [] : ["--images"] + data.images
    )
    request.command =
      ["advkit", "evaluate", "--models", model, "--attacks", attacks, "--eps", eps, "--norm", norm]
      + (defense == "none" ? [] : ["--defenses", defense])
      + (data.dataset.map { ["--dataset", $0] } ?? images)
      + ["--limit", "\(limit)", "--every-attack", "--audit-images", "\(limit)"]
      + ["--audit-draws", "\(auditDraws)", "--seed", "\(seed)"]
    return request
  }
}
