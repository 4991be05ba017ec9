import AdvTensor

/// The form of a model's decision boundary.
public enum DecisionSurface: String, CaseIterable, Sendable {
  /// A hyperplane: every linearisation is exact.
  case flat
  /// A sphere or an ellipsoid, seen from inside or from outside.
  case curved
}

/// A model with a batch of images whose smallest perturbations are known in closed form.
public protocol ClosedFormScenario: Sendable {
  /// The model's type.
  associatedtype Oracle: GradientOracle

  /// The form of the model's decision boundary.
  static var surface: DecisionSurface { get }
  /// What tells this scenario from the others of its kind, for messages.
  var name: String { get }
  /// The key of its random draws.
  var seed: UInt64 { get }
  /// The values that a pixel may take.
  var box: Box { get }
  /// `[batch] + imageShape`, inside the box.
  var images: Tensor { get }
  /// The model's own predictions.
  var labels: [Int] { get }
  /// A fresh model of the scenario.
  var oracle: Oracle { get }
  /// The smallest radius that breaks an image inside the box; infinite where the box holds no other class.
  func minimalRadius(_ norm: Norm, image: Int) -> Double
}
