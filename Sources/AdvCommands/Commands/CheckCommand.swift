import AdvEvaluation
import AdvFormats
import ArgumentParser
import Foundation

/// `advkit check`: the gate for continuous integration.
struct CheckCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Hold a model against thresholds: a gate for continuous integration.",
    discussion: """
      advkit check --config advkit.yml
      advkit check --config advkit.yml --baseline robustness-baseline.json --junit junit.xml --sarif advkit.sarif

      Ends with 0 where no threshold is missed, with 1 where one is, with 2 without a trustworthy result. A
      threshold is missed only where the whole confidence interval lies beyond it. In a GitHub workflow it also
      prints annotations.

      The baseline is the report.json of a run that somebody chose, kept beside the configuration. Do not replace it by
      every run that passes: accuracy could creep down within the allowed drop, run by run.
      """)

  @Option(help: ArgumentHelp("The grid and its thresholds (YAML).", valueName: "file"))
  var config = "advkit.yml"
  @Option(help: ArgumentHelp("A report.json to compare with.", valueName: "file")) var baseline: String?
  @Option(help: ArgumentHelp("Confidence of every interval.", valueName: "share")) var confidence = 0.95
  @Option(help: ArgumentHelp("Write JUnit XML here.", valueName: "file")) var junit: String?
  @Option(help: ArgumentHelp("Write SARIF 2.1.0 here.", valueName: "file")) var sarif: String?
  @Option(help: ArgumentHelp("Write a Markdown table here.", valueName: "file")) var markdown: String?
  @Option(
    help: ArgumentHelp("The folder of the run; an earlier run in it is replaced.", valueName: "dir"))
  var out = "reports/run-check"
  @OptionGroup(title: "Run") var options: RunOptions

  func validate() throws {
    if !(confidence > 0.5 && confidence < 1) {
      throw ValidationError(
        "--confidence is \(confidence), expected a share between 0.5 and 1, such as 0.95.")
    }
  }

  func execute(on console: Console) throws -> ExitStatus {
    let file = try CheckFile(path: config)
    let earlier = try baseline.map { try GridDocument(json: try FileBytes.read($0), path: $0) }
    if earlier == nil, let rule = file.rules.first(where: { $0.maxDrop != nil }) {
      console.note(
        "\(config):\(rule.line): no --baseline, so max-drop-from-baseline is not checked; "
          + "keep this run's \(out)/report.json as one.")
    }
    let rules = file.rules.map { rule in
      var rule = rule
      if earlier == nil { rule.maxDrop = nil }
      return rule
    }
    var run = try file.request.prepare(threads: options.threadCount, quiet: options.quiet, on: console)
    (run.batch, run.threads) = (options.batch, options.threadCount)
    let folder = GridFolder(out)
    if let baseline, folder.holds(baseline) {
      throw InputError(
        "--baseline is \(baseline), which this run replaces: accuracy could creep down within the allowed drop.\n"
          + "  Keep a copy of it elsewhere, or name another folder with --out.")
    }
    let gate = Gate(rules, confidence: confidence, baseline: earlier, baselinePath: baseline ?? "")
    try gate.requireComparable(run.plan)
    let ledger = try folder.ledger(for: run.plan, existing: .replace)
    let execution = GridExecution(run, folder, quiet: options.quiet, canResume: false)
    guard let document = try execution.perform(ledger, on: console)
    else {
      return .noResult
    }
    let checks = try gate.checks(of: document)
    let errors = document.errors
    let reports = GateReports(checks, of: document, configuration: config)
    try write(reports)
    try print(checks, reports, on: console)
    if !options.json { AuditText.print(document, on: console) }
    if errors > 0 { console.note("error: \(errors) results are errors, see \(out)/report.html.") }
    return errors > 0 ? .noResult : reports.isMissed ? .thresholdMissed : .done
  }

  private func write(_ reports: GateReports) throws {
    if let junit { try AtomicFile.write(reports.junit, to: junit) }
    if let sarif { try AtomicFile.write(try reports.sarif(), to: sarif) }
    if let markdown { try AtomicFile.write(reports.markdown, to: markdown) }
  }

  private func print(_ checks: [GateCheck], _ reports: GateReports, on console: Console) throws {
    if options.json {
      console.print(try JSONText.of(checks))
      return
    }
    for (check, line) in zip(checks, reports.lines) {
      let colour: TextColour =
        switch check.verdict {
        case .met: .green
        case .unclear: .yellow
        case .missed: .red
        }
      console.print(console.coloured(line, colour))
    }
    let environment = ProcessInfo.processInfo.environment
    if environment["GITHUB_ACTIONS"] == "true" { reports.annotations.forEach { console.print($0) } }
    console.print("\(out)/report.html")
  }
}
