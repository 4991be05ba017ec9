import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvThreat
import ArgumentParser

/// `advkit attack`: perturbed PNGs and a verdict for every image.
struct AttackCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Perturb images within a budget and judge every one from the PNG that was written.",
    discussion: """
      advkit attack --model resnet --eps 0.007
      advkit attack --model resnet20 --weights w.th --dataset cifar10:DIR --attack pgd:steps=40 --eps 2/255
      advkit attack --model resnet --images cat.png --eps 8/255 --target star
      advkit attack --model net.onnx --vnnlib prop.vnnlib

      With a list of radii each one gets its own folder below reports/.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Model") var arithmetic: ArithmeticOptions
  @OptionGroup(title: "Images") var data: DataOptions
  @OptionGroup(title: "Attack") var attackOptions: AttackOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    if let file = attackOptions.vnnlib {
      return try PropertyAttack(
        file: file, model: modelOptions, attack: attackOptions, data: data, output: output, options: options
      ).execute(on: console)
    }
    let attack = try attackOptions.configured()
    let chain = try attackOptions.chain()
    let threats = try attackOptions.threats(of: attack)
    _ = try attackOptions.rounding()
    guard threats.count == 1 || output.out == nil else {
      throw InputError("--out names one folder, but --eps lists \(threats.count) radii; leave --out away.")
    }
    let model = try modelOptions.load(labels: try labelOptions.names(), quiet: options.quiet, on: console)
    let aim = try attackOptions.aim(at: model)
    let source = try data.source(for: model)
    let defended = try DefendedModel(
      model, behind: chain, evaluating: try DefendedModel.digests(of: source.dataset, for: [chain]),
      seed: attackOptions.seed, precision: attackOptions.precision,
      arithmetic: arithmetic.arithmetic)
    let shared = options.threadsPerBatch(ofImages: source.count)
    var documents: [String] = []
    for threat in threats {
      var run = AttackRun(source: source, attack: attack, threat: threat) {
        try defended.makeOracle(threads: shared)
      }
      try attackOptions.configure(&run, aim: aim)
      (run.batch, run.threads) = (options.batch, options.threadCount)
      if !options.quiet, let epsilon = run.epsilon { console.note("ε: \(epsilon.explanation)") }
      let manifest = try perform(run, on: model, console)
      documents.append(String(decoding: try manifest.json(), as: UTF8.self))
      guard manifest.isComplete else { return .noResult }
    }
    if options.json { console.print(JSONText.list(documents)) }
    return .done
  }

  private func perform(_ run: AttackRun, on model: Model, _ console: Console) throws -> AttackManifest {
    let folder = try OutputFolder(at: try path(of: run, model), overwrite: output.overwrite)
    let (stop, hurry) = (StopSignal(), StopSignal())
    let interrupt = Interrupt(stop, on: console)
    let deadline = Deadline(seconds: attackOptions.maxSeconds, raising: [stop, hurry])
    let progress = ProgressLine("images", total: run.source.count, quiet: options.quiet, on: console)
    let findings = try run.execute(into: folder.staging, stop: stop, hurry: hurry) { state in
      progress.show(state.images, "clean \(state.cleanCorrect), broken \(state.broken)")
    }
    progress.finish()
    _ = consume interrupt
    _ = consume deadline
    guard !findings.images.isEmpty else { throw InputError("stopped before the first image was finished.") }
    let manifest = AttackManifest(
      command: try command(run, model), model: .init(model, behind: try attackOptions.chain()), run: run,
      findings: findings, seconds: progress.seconds)
    try AttackOutput(manifest, in: folder.staging).write(savesAll: output.save == .all)
    let path = folder.path
    try folder.publish()
    report(manifest, at: path, on: console)
    return manifest
  }

  private func report(_ manifest: AttackManifest, at path: String, on console: Console) {
    if !options.json { console.print(AttackWords(manifest).terminal(console, folder: path)) }
    if !manifest.isComplete {
      let done = manifest.findings.images.count
      console.note(
        "stopped after \(done) of \(manifest.requested) images, which are kept; the others:\n"
          + "  add --offset \(data.offset + done) --limit \(manifest.requested - done) and another --out")
    }
  }

  private func path(of run: AttackRun, _ model: Model) throws -> String {
    if let out = output.out { return out }
    let norm = run.threat.norm == .linf ? "" : "-\(run.threat.norm.rawValue)"
    let target = attackOptions.target.map { "-to-\($0)" } ?? ""
    let radius =
      switch run.threat {
      case .within(let epsilon): "-eps\(epsilon.text)\(norm)"
      case .minimal: "-minimal\(norm)"
      case .own: ""
      }
    let rounding = arithmetic.arithmetic.map { "-\($0.rawValue)" } ?? ""
    let defense = attackOptions.defense == DefenseChain.none ? "" : "-\(try attackOptions.chain().text)"
    let name = "attack-\(model.name)\(defense)\(rounding)-\(attackOptions.attack)\(target)\(radius)"
    return "reports/" + FileNames.safe(name)
  }

  private func command(_ run: AttackRun, _ model: Model) throws -> [String] {
    ["advkit", "attack"] + modelOptions.arguments + labelOptions.arguments + arithmetic.arguments
      + (try data.arguments(for: model)) + attackOptions.arguments(at: run.threat)
      + (output.save == .all ? ["--save", "all"] : [])
  }
}
