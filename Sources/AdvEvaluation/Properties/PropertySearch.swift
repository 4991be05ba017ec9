import AdvClassifier
import AdvFormats
import AdvModels
import AdvTensor
import AdvThreat

/// An input in a property's box whose outputs meet the property's constraints.
public struct Counterexample: Sendable {
  /// The input in the order of X_0, X_1, ….
  public let inputs: [Float]
  /// What the network answers, in the order of Y_0, Y_1, ….
  public let outputs: [Float]
  /// The smallest room that is left in a constraint, in the units of the outputs.
  public let slack: Double
}

/// Searches for counterexamples of a property with any attack of the catalogue.
///
/// The box becomes the unit box of a `BoxedOracle`, the constraints the two classes of a `ConstraintOracle`; the
/// attack knows nothing of either. What it proposes is judged by the exact plan and by the interpreter in Double:
/// both must leave some room, so that another implementation's rounding does not turn the verdict.
public struct PropertySearch: Sendable {
  /// The room in every constraint that a counterexample must leave.
  public static let margin = 1e-4

  /// The property.
  public let property: VNNLibProperty
  /// Fixes every random draw.
  public var seed: UInt64 = 0
  private let classifier: Classifier

  /// A search on a network whose own input and outputs the property is about.
  ///
  /// Throws where inputs or outputs are not as many, and where the outputs that the file declares are not the
  /// logits that were imported.
  public init(_ property: VNNLibProperty, of model: Model) throws(ModelError) {
    guard model.inputShape.elementCount == property.inputCount, model.classCount == property.outputCount
    else {
      throw .images(
        "the property has \(property.inputCount) inputs and \(property.outputCount) outputs, model "
          + "'\(model.name)' \(model.inputShape.elementCount) and \(model.classCount).\n"
          + "  Give the network that the property was written for.")
    }
    if let imported = model.architecture as? ImportedNetwork, !imported.givesFileOutput {
      throw .images(
        "model '\(model.name)' ends in a softmax or sigmoid that is left out on import; the property is about "
          + "what comes after it.\n  Export the network without it and restate the property.")
    }
    self.property = property
    classifier = try Classifier(model, from: .raw)
  }

  /// The network of a file with its input as one vector, in the file's own order of elements.
  public static func model(
    at path: String, for property: VNNLibProperty
  ) throws(ModelError) -> LoadedModel {
    var card = ModelCard()
    card.inputSize = [property.inputCount]
    return try ModelLoader.load(ModelRequest(path, card: card))
  }

  /// The first counterexample that the attack finds, nil if it finds none.
  ///
  /// All alternatives of one box are tried together first, then each by itself.
  public func run(_ attack: ConfiguredAttack) throws(ThreatError) -> Counterexample? {
    for (box, alternatives) in groups {
      let oracle = BoxedOracle(classifier.makeOracle(), lower: box.lower, upper: box.upper)
      let goals = [alternatives] + (alternatives.count > 1 ? alternatives.map { [$0] } : [])
      for goal in goals {
        let middle = Tensor(classifier.model.inputShape.prepending(1), filledWith: 0.5)
        let problem = try AttackProblem(
          images: middle, criterion: .untargeted([0], margin: Float(Self.margin)),
          objective: .within(Ball(.linf, radius: 0.5)), seed: seed)
        let found = try attack.run(problem, on: ConstraintOracle(oracle, alternatives: goal))
        if let failure = found.records.first?.failure { throw failure }
        if let proof = try confirmed(oracle.inputs(for: found.images), alternatives) { return proof }
      }
    }
    return nil
  }

  // MARK: Cases

  private struct Intervals: Hashable {
    let lower: [Float]
    let upper: [Float]
  }

  /// The alternatives of each box, in the property's order.
  private var groups: [(Intervals, [[LinearConstraint]])] {
    var order: [Intervals] = []
    var alternatives: [Intervals: [[LinearConstraint]]] = [:]
    for item in property.cases {
      let box = Self.intervals(item)
      if alternatives[box] == nil { order.append(box) }
      alternatives[box, default: []].append(
        item.constraints.map { LinearConstraint(coefficients: $0.coefficients, bound: $0.bound) })
    }
    return order.map { ($0, alternatives[$0] ?? []) }
  }

  /// The floats inside the intervals; where an interval holds none, the one that is nearest to it.
  private static func intervals(_ item: VNNLibProperty.Case) -> Intervals {
    var (lower, upper): ([Float], [Float]) = ([], [])
    for (low, high) in zip(item.lower, item.upper) {
      let (first, last) = (Float(low), Float(high))
      let inner = (
        Double(first) < low ? first.nextUp : first, Double(last) > high ? last.nextDown : last
      )
      let isEmpty = inner.0 > inner.1
      lower.append(isEmpty ? first : inner.0)
      upper.append(isEmpty ? first : inner.1)
    }
    return Intervals(lower: lower, upper: upper)
  }

  // MARK: Verdict

  /// The proposed input as a counterexample, nil unless both arithmetics leave room in one alternative.
  private func confirmed(
    _ inputs: Tensor, _ alternatives: [[LinearConstraint]]
  ) throws(ThreatError) -> Counterexample? {
    let outputs = try classifier.makeOracle().logits(inputs)
    let exact: Tensor
    do throws(ModelError) {
      let reference = try ReferenceOracle<Double>(classifier.model, from: .raw)
      do throws(ThreatError) { exact = try reference.logits(inputs) } catch {
        throw .images(error.description)
      }
    } catch {
      throw .oracleFailed(error.description)
    }
    let slack = alternatives.map { min(Self.slack($0, outputs), Self.slack($0, exact)) }.max() ?? -.infinity
    // Half of what the attack was asked for: the rest is what rounding may take.
    guard slack >= Self.margin / 2 else { return nil }
    return Counterexample(inputs: inputs.elements, outputs: outputs.elements, slack: slack)
  }

  private static func slack(_ constraints: [LinearConstraint], _ outputs: Tensor) -> Double {
    outputs.withElements { z in
      z.allSatisfy(\.isFinite)
        ? constraints.map { $0.slack(z) }.min() ?? .greatestFiniteMagnitude : -.infinity
    }
  }
}
