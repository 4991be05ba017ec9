import AdvData
import AdvEvaluation
import AdvModels
import AdvSettings
import AdvTensor

/// The conditions under which clean accuracy is measured: corruptions, and the knobs of `shapes10`.
enum Conditions {
  /// The levels at which each knob is tried beside the standard one.
  static let nuisanceLevels: [Float] = [0, 0.25, 0.75, 1]

  /// A condition, and how an image source shows it to a model.
  struct Condition: Sendable {
    let facts: GridPlan.Condition
    let source: @Sendable (Model) throws -> ImageSource
  }

  /// The corruptions of a list: all, benchmark (those of the mean), or names; each at all five severities.
  static func corruptions(_ list: String, option: String) throws -> [any Corruption.Type] {
    switch list {
    case "none": return []
    case "all": return CorruptionCatalog.all
    case "benchmark": return CorruptionCatalog.all.filter { $0.isBenchmark }
    default:
      return try Lists.words(list, option: option).map { word in
        guard let found = CorruptionCatalog.all.first(where: { $0.name == word }) else {
          let near = nearestNames(
            to: word, among: CorruptionCatalog.all.map { $0.name } + ["all", "benchmark"])
          throw InputError(
            "\(option): unknown corruption '\(word)'."
              + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: ", "))?"))
        }
        return found
      }
    }
  }

  /// Corrupted images of a data set.
  static func corrupted(
    _ corruptions: [any Corruption.Type], _ dataset: any Dataset, isLabelled: Bool, seed: UInt64
  ) -> [Condition] {
    corruptions.flatMap { corruption in
      Severity.all.map { severity in
        Condition(
          facts: GridPlan.Condition(name: corruption.name, level: Double(severity), standard: nil)
        ) { model in
          ImageSource(dataset, isLabelled: isLabelled) { image, source in
            CorruptionCatalog.apply(
              corruption, to: try model.prepare(image, named: source), severity: severity, seed: seed)
          }
        }
      }
    }
  }

  /// The images of `shapes10` with one knob turned; throws for other data.
  static func turned(_ data: DataOptions, for model: Model) throws -> [Condition] {
    try Nuisances.knobs.flatMap { knob in
      try nuisanceLevels.map { level in
        var nuisances = Nuisances()
        let standard = nuisances[keyPath: knob.path]
        nuisances[keyPath: knob.path] = level
        let dataset = try data.open(turning: nuisances, for: model)
        return Condition(
          facts: GridPlan.Condition(name: knob.name, level: Double(level), standard: Double(standard))
        ) { model in
          ImageSource(dataset, isLabelled: true) { image, source in
            try model.prepare(image, named: source)
          }
        }
      }
    }
  }
}
