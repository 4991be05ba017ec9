import AdvAttacks
import AdvClassifier
import AdvModels
import AdvTensor
import AdvThreat

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The textbook's view of the fast gradient sign: a logistic classifier of ten numbers, and one step of ε in
/// the sign of its weights — Goodfellow et al. 2015, arXiv:1412.6572, section 3.
///
/// The score moves by ε‖w‖₁ although no number moves by more than ε.
public struct LogisticDemonstration: Sendable {
  /// The input.
  public let input: [Float] = [2, -1, 3, -2, 2, 2, 1, -4, 5, 1]
  /// The weights.
  public let weights: [Float] = [-1, -1, 1, -1, 1, -1, 1, 1, -1, 1]
  /// The step.
  public let epsilon: Float = 0.5
  /// The input after the attack.
  public let adversarial: [Float]
  /// P(class 1) that the model answers before the attack.
  public let before: Double
  /// P(class 1) that the model answers after the attack.
  public let after: Double

  /// σ(w·x), the formula for `before`.
  public var expectedBefore: Double { Self.sigmoid(score) }

  /// σ(w·x + ε‖w‖₁), the formula for `after`.
  public var expectedAfter: Double {
    Self.sigmoid(score + Double(epsilon) * weights.reduce(0) { $0 + Double(abs($1)) })
  }

  /// w·x.
  public var score: Double { zip(weights, input).reduce(0) { $0 + Double($1.0) * Double($1.1) } }

  /// Runs the model `logistic` and the attack `fgsm` of the catalogues on the example.
  public init() throws {
    var card = ModelCard(.none)
    card.box = [-10, 10]
    let untrained = try ModelCatalog.untrained("logistic", inputShape: [10], card: card)
    let model = try untrained.with(weights: [
      "linear.weight": Tensor([1, 10], weights), "linear.bias": Tensor([1], [0]),
    ])
    let oracle = try Classifier(model).makeOracle()
    let image = Tensor([1, 10], input)
    let problem = try AttackProblem(
      images: image, criterion: .untargeted([0]), objective: .within(Ball(.linf, radius: epsilon)),
      box: oracle.domain.box)
    let moved = try AttackCatalog.attack("fgsm").run(problem, on: oracle).images
    adversarial = moved.elements
    before = Self.probability(try oracle.logits(image))
    after = Self.probability(try oracle.logits(moved))
  }

  /// The demonstration in a few lines.
  public var text: String {
    func row(_ values: [Float]) -> String {
      values.map { value in
        let text = value == value.rounded() ? "\(Int(value))" : "\(value)"
        return String(repeating: " ", count: max(1, 6 - text.count)) + text
      }.joined()
    }
    let changed = "x + \(epsilon)·sign(w)"
    return """
        x              \(row(input))
        w              \(row(weights))
        \(changed) \(row(adversarial))
        P(1 | x)  = \(Self.rounded(before))   = σ(w·x)          = σ(\(Self.rounded(score)))
        P(1 | x') = \(Self.rounded(after))   = σ(w·x + ε‖w‖₁)  = σ(\(Self.rounded(score + 0.5 * 10)))
      """
  }

  private static func probability(_ logits: Tensor) -> Double {
    sigmoid(Double(logits[1]) - Double(logits[0]))
  }

  private static func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

  private static func rounded(_ value: Double) -> String {
    let text = "\((value * 1e6).rounded() / 1e6)"
    return text
  }
}
