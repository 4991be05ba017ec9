import AdvConformance
import AdvModels
import AdvTensor

extension HashedNumbers {
  /// A catalogue model with such weights.
  static func model(_ name: String, inputShape: Shape? = nil, classes: Int? = nil) throws -> Model {
    let model = try ModelCatalog.untrained(name, inputShape: inputShape, classes: classes)
    return try model.with(weights: weights(for: try model.graph()))
  }
}
