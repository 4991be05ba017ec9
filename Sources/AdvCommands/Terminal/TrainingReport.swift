import AdvEvaluation
import AdvFormats
import AdvTensor
import AdvTraining
import Foundation

/// The page `training.html` of a run's folder, written anew after each epoch and at the end.
struct TrainingReport {
  let folder: String
  let name: String
  let command: String
  let labels: [String]
  let settings: TrainingSettings
  let console: Console

  /// The page as the run stands; where it cannot be written training goes on and says so.
  func show(_ snapshot: TrainingSnapshot) {
    let confusion = TrainingPage.Confusion(
      images: "Validation images after epoch \(snapshot.history.count)", labels: labels,
      counts: snapshot.confusion)
    do {
      try write(
        snapshot.history, "Epoch \(snapshot.history.count) of \(settings.epochs) is done.",
        snapshot.confusion.isEmpty ? nil : confusion, snapshot.filters)
    } catch { console.note("\(folder)/training.html could not be written: \(error)") }
  }

  /// The page of a finished run; `rows` are labels and predicted classes of images that were not trained on, the "test"
  /// or "validation" ones, if there are any.
  func finish(
    _ trained: TrainedModel, _ rows: [(label: Int, prediction: Int)], of images: String
  ) throws {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
    for row in rows { counts[row.label][row.prediction] += 1 }
    let hits = rows.count { $0.label == $0.prediction }
    var state = "Trained for \(trained.history.count) epochs"
    if !rows.isEmpty {
      let (value, detail) = AttackWords.accuracy(hits, of: rows.count)
      state += "; accuracy on the \(images) images \(value), \(detail)"
    }
    try write(
      trained.history, state + ".",
      rows.isEmpty ? nil : .init(images: "\(images.capitalized) images", labels: labels, counts: counts),
      trained.firstFilters)
  }

  private func write(
    _ history: [EpochRecord], _ state: String, _ confusion: TrainingPage.Confusion?, _ filters: Tensor?
  ) throws {
    var page = TrainingPage(
      title: "Training of \(name)", command: command, state: state,
      history: history.map {
        TrainingPage.Epoch(
          number: $0.epoch, loss: $0.loss, training: $0.trainingAccuracy, validation: $0.validationAccuracy,
          robust: $0.robustAccuracy, rate: $0.rate)
      })
    (page.confusion, page.filters) = (confusion, filters)
    let levels = String(format: "%g", 255 * settings.validationRadius)
    page.attack = settings.validationAttack.map { "\($0), ε = \(levels) of 255 levels" } ?? ""
    try AtomicFile.write([UInt8](try page.html().utf8), to: folder + "/training.html")
  }
}
