import AdvEvaluation
import AdvFormats
import ArgumentParser

/// `advkit replay`: one adversarial image again, from its row in a ledger.
struct ReplayCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Make one adversarial image of an evaluation again, and check it.",
    discussion: """
      advkit replay reports/run-a --image 00012-house --attack pgd --out house.png

      Without further options the first row of the image on which an attack ran; broken ones first.
      """)

  @Argument(help: ArgumentHelp("The folder of the run.", valueName: "dir")) var folder: String
  @Option(help: ArgumentHelp("The image's name in the report.", valueName: "id")) var image: String
  @Option(help: ArgumentHelp("The model, as the report names it.", valueName: "name")) var model: String?
  @Option(help: ArgumentHelp("The defence.", valueName: "name")) var defense: String?
  @Option(help: ArgumentHelp("The attack, as it was written.", valueName: "attack")) var attack: String?
  @Option(help: ArgumentHelp("The radius, as it was written.", valueName: "eps")) var eps: String?
  @Option(help: ArgumentHelp("Write the adversarial image here.", valueName: "png")) var out: String?
  @Flag(help: "Print nothing but the result and errors.") var quiet = false

  func execute(on console: Console) throws -> ExitStatus {
    let ledger = try Ledger.open(at: Ledger.path(in: folder), forWriting: false)
    let row = try ledger.row(image: image, model: model, defense: defense, attack: attack, eps: eps)
    // Nothing else of the grid is loaded: neither other models and defences, nor all images for their digest.
    let run = try GridRequest(ledger.plan.narrowed(to: row)).prepare(threads: 1, quiet: quiet, on: console)
    let replay = try GridReplay(run, of: row, in: ledger).perform()
    if let out { try PNG.write(replay.image, to: out) }
    let title = "\(ledger.plan.subjects[row.subject].title), \(ledger.plan.title(of: row.cell)): \(image)"
    console.print("\(title): \(replay.again.outcome), \(replay.summary)")
    guard replay.differences.isEmpty else {
      console.note(
        "error: the replay differs from its row: \(replay.differences.joined(separator: "; ")).\n"
          + "  Restore the images, and what the defence learned from, as they were.")
      return .noResult
    }
    console.print("the same image and the same verdict as in the ledger")
    return .done
  }
}
