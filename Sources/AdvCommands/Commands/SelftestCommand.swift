import AdvAttacks
import AdvEvaluation
import ArgumentParser

/// `advkit selftest`: the attacks on models whose optimum is known, on this machine.
struct SelftestCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Check the attacks on this machine against optima in closed form, in a few seconds.")

  @Flag(help: "Print the checks as JSON.") var json = false
  @Flag(help: "Print failures only.") var quiet = false

  private struct Row: Encodable {
    let name: String
    let passed: Bool
    let detail: String
  }

  func execute(on console: Console) throws -> ExitStatus {
    let rows = (SelfTest.run() + EvaluationChecks.run()).map {
      Row(name: $0.name, passed: $0.passed, detail: $0.detail)
    }
    let failed = rows.count { !$0.passed }
    if json {
      console.print(try JSONText.of(rows))
    } else {
      for row in rows where !row.passed || !quiet {
        let mark = row.passed ? console.coloured("ok  ", .green) : console.coloured("FAIL", .red)
        console.print("\(mark)  \(row.name)\n      \(row.detail)")
      }
      console.print("\(rows.count - failed) of \(rows.count) checks hold")
    }
    return failed == 0 ? .done : .noResult
  }
}
