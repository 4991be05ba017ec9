import AdvClassifier
import AdvEvaluation
import AdvModels
import AdvTensor
import ArgumentParser

/// `advkit predict`: logits of arrays, or the most likely classes of images.
struct PredictCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Classify images: logits as NPY, or the five most likely classes.",
    discussion: """
      advkit predict --model resnet --images cat.png
      advkit predict --model resnet18 --weights w.safetensors --input x.npy --output logits.npy
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Model") var arithmetic: ArithmeticOptions
  @OptionGroup(title: "Arrays") var arrays: ArrayOptions
  @OptionGroup(title: "Images") var data: DataOptions
  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    let model = try modelOptions.load(
      labels: try labelOptions.names(), quiet: options.quiet, on: console)
    if arrays.input != nil {
      let images = try arrays.images(for: model)
      let classifier = try arrays.classifier(model, for: images, arithmetic)
      let batched = BatchedModel(batch: options.batch, threads: options.threadCount) {
        classifier.makeOracle()
      }
      try arrays.deliver(
        try batched.logits(of: images), named: "logits", quiet: options.quiet, on: console)
      return .done
    }
    let source = try data.source(for: model)
    let classifier = try arithmetic.classifier(model)
    let run = PredictionRun(source: source, batch: options.batch, threads: options.threadCount) {
      classifier.makeOracle()
    }
    let names = ClassNames.all(of: model)
    let rows = try run.rankings(top: 5)
    if options.json {
      console.print(try JSONText.of(rows.map { RankingFacts($0, names) }))
      return .done
    }
    for row in rows {
      let truth = row.label.map { "  (label \(names[$0]))" } ?? ""
      console.print("\(row.source)\(truth)")
      for prediction in row.best {
        console.print("  \(AttackWords.percent(Double(prediction.confidence)))\t\(names[prediction.label])")
      }
    }
    let labelled = rows.filter { $0.label != nil }
    if labelled.count > 1 {
      let hits = labelled.count { $0.best.first?.label == $0.label }
      let accuracy = AttackWords.accuracy(hits, of: labelled.count)
      console.print("accuracy \(accuracy.value)  \(accuracy.detail)")
    }
    return .done
  }
}

/// The most likely classes of one image, for scripts.
private struct RankingFacts: Encodable {
  private struct Entry: Encodable {
    let label: Int
    let name: String
    let confidence: Float

    enum CodingKeys: String, CodingKey {
      case label = "class"
      case name, confidence
    }
  }

  private let id, source: String
  private let label: Int?
  private let top: [Entry]

  init(_ ranking: PredictionRun.Ranking, _ names: [String]) {
    (id, source, label) = (ranking.id, ranking.source, ranking.label)
    top = ranking.best.map { Entry(label: $0.label, name: names[$0.label], confidence: $0.confidence) }
  }
}
