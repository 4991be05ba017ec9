import AdvClassifier
import AdvModels
import AdvRuntime
import AdvThreat

/// A model behind a defence: the one place that knows what a defence's name stands for.
enum DefendedModel {
  /// What makes the oracles of a model behind a defence, one for each thread; searches use this precision.
  static func oracles(
    of model: Model, behind defense: String, _ precision: Precision
  ) throws -> @Sendable () throws -> any GradientOracle {
    guard defense == "none" else {
      throw InputError("unknown defence '\(defense)', expected none: this version has no other.")
    }
    let classifier = try Classifier(model, precision: precision)
    return { classifier.makeOracle() }
  }
}
