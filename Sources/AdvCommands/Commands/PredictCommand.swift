import AdvClassifier
import AdvDefenses
import AdvEvaluation
import AdvModels
import AdvTensor
import AdvThreat
import ArgumentParser

/// `advkit predict`: logits of arrays, or the most likely classes of images.
struct PredictCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Classify images: logits as NPY, or the five most likely classes.",
    discussion: """
      advkit predict --model resnet --images cat.png
      advkit predict --model resnet18 --weights w.safetensors --input x.npy --output logits.npy
      advkit predict --model resnet --images cat.png --defense jpeg:quality=50

      Behind a defence the answer is that on which verdicts rest; a detector has one class more, its last: refused.
      """)

  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Model") var labelOptions: LabelOptions
  @OptionGroup(title: "Model") var arithmetic: ArithmeticOptions
  @OptionGroup(title: "Model") var defenseOptions: DefenseOptions
  @OptionGroup(title: "Arrays") var arrays: ArrayOptions
  @OptionGroup(title: "Images") var data: DataOptions
  @Option(help: ArgumentHelp("Fixes every random draw of a defence.", valueName: "n")) var seed: UInt64 = 0
  @OptionGroup(title: "Run") var options: RunOptions

  func execute(on console: Console) throws -> ExitStatus {
    let model = try modelOptions.load(
      labels: try labelOptions.names(), quiet: options.quiet, on: console)
    if arrays.input != nil {
      let images = try arrays.images(for: model)
      let view = try view(of: try model.accepting(images.shape.droppingFirst()))
      let batched = BatchedModel(batch: options.batch, threads: options.threadCount, makeOracle: view)
      try arrays.deliver(
        try batched.logits(of: images), named: "logits", quiet: options.quiet, on: console)
      return .done
    }
    let run = PredictionRun(
      source: try data.source(for: model), batch: options.batch, threads: options.threadCount,
      makeOracle: try view(of: model))
    let facts = AttackManifest.ModelFacts(model, behind: try defenseOptions.chain())
    let rows = try run.rankings(top: 5)
    if options.json {
      console.print(try JSONText.of(rows.map { RankingFacts($0, facts) }))
      return .done
    }
    for row in rows {
      let truth = row.label.map { "  (label \(facts.name(of: $0)))" } ?? ""
      console.print("\(row.source)\(truth)")
      for prediction in row.best {
        console.print(
          "  \(AttackWords.percent(Double(prediction.confidence)))\t\(facts.name(of: prediction.label))")
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

  /// How the model, behind its defences, is seen by one thread.
  private func view(of model: Model) throws -> @Sendable () throws -> any GradientOracle {
    let chain = try defenseOptions.chain()
    if arrays.input != nil, arrays.raw {
      guard chain.defenses.isEmpty else {
        throw InputError("--raw and --defense exclude each other: a defence takes pixels.")
      }
      let classifier = try arithmetic.classifier(model, from: .raw)
      return { classifier.makeOracle() }
    }
    // To look at what a detector says of its own training images is no evaluation.
    let defended = try DefendedModel(
      model, behind: chain, evaluating: [], seed: seed, precision: .exact, arithmetic: arithmetic.arithmetic)
    return { try defended.makeOracle() }
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

  init(_ ranking: PredictionRun.Ranking, _ model: AttackManifest.ModelFacts) {
    (id, source, label) = (ranking.id, ranking.source, ranking.label)
    top = ranking.best.map {
      Entry(label: $0.label, name: model.name(of: $0.label), confidence: $0.confidence)
    }
  }
}
