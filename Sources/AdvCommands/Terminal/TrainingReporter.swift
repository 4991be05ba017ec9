import AdvEvaluation
import AdvTraining
import Foundation

/// Shows how a training run gets on: a progress line, and a line for every epoch.
struct TrainingReporter {
  private let progress: ProgressLine
  private let settings: TrainingSettings
  private let perEpoch: Int
  private let quiet: Bool
  private let console: Console
  private let page: TrainingReport

  init(images: Int, _ settings: TrainingSettings, quiet: Bool, page: TrainingReport) {
    console = page.console
    self.page = page
    perEpoch = images / settings.batch * settings.batch
    progress = ProgressLine("images", total: perEpoch * settings.epochs, quiet: quiet, on: console)
    (self.settings, self.quiet) = (settings, quiet)
  }

  func show(_ event: TrainingEvent) {
    switch event {
    case .batch(let epoch, let done, _, let loss, let images):
      let seen = (epoch - 1) * perEpoch + done * images
      progress.show(seen, "epoch \(epoch)/\(settings.epochs), loss \(String(format: "%.3f", loss))")
    case .epoch(let record):
      progress.finish()
      if !quiet { console.note(line(record)) }
    case .state(let snapshot): page.show(snapshot)
    case .stopped(let epoch, let from, let to):
      progress.finish()
      console.note(
        "epoch \(epoch): accuracy under attack fell from \(percent(from)) to \(percent(to)); the weights of epoch "
          + "\(epoch - 1) are kept")
    }
  }

  private func line(_ record: EpochRecord) -> String {
    var text =
      "epoch \(record.epoch)/\(settings.epochs): loss \(String(format: "%.4f", record.loss)), training "
    text += percent(record.trainingAccuracy)
    if let accuracy = record.validationAccuracy { text += ", validation \(percent(accuracy))" }
    if let accuracy = record.robustAccuracy { text += ", under attack \(percent(accuracy))" }
    return text
  }

  private func percent(_ share: Double) -> String { AttackWords.percent(share, digits: 2) }
}
