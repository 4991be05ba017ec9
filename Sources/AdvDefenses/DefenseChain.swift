import AdvGraph
import AdvThreat

/// Defences one after the other, in the order in which an image meets them; none at all is the model as it is.
public struct DefenseChain: Sendable {
  /// What stands for no defence.
  public static let none = "none"
  /// What is added to a chain's text where the attacker does not know of it.
  public static let unknownToAttacker = " (non-adaptive)"

  /// As it was written.
  public let text: String
  /// The defences, the image's first one first.
  public private(set) var defenses: [any Defense]
  /// Whether attacks see the defences; verdicts always do.
  public let isAdaptive: Bool

  /// Reads `none`, or `name[:key=value,…]` joined by `+`, perhaps marked as unknown to the attacker.
  public init(parsing text: String) throws(ThreatError) {
    self.text = text
    isAdaptive = !text.hasSuffix(Self.unknownToAttacker)
    let names = isAdaptive ? text : String(text.dropLast(Self.unknownToAttacker.count))
    if names == Self.none {
      defenses = []
      return
    }
    var defenses: [any Defense] = []
    for part in names.split(separator: "+", omittingEmptySubsequences: false) {
      let word = part.drop(while: \.isWhitespace)
      if word.isEmpty || word == Self.none {
        throw .setting(
          .invalidValue(
            owner: "defence", parameter: text, got: String(part),
            expected: "none alone, or names joined by +, as in jpeg:quality=75+median"))
      }
      if let inner = defenses.last as? any GraphDefense {
        // Where it must stand alone, to be sent to the end would lead to the next error.
        let place =
          inner is any FittedDefense
          ? "it to stand alone: it learns from what the plain network makes of plain images"
          : "it at the end: it changes the network itself"
        throw .setting(
          .invalidValue(owner: "defence", parameter: text, got: inner.card.id, expected: place))
      }
      defenses.append(try DefenseCatalog.defense(String(word)))
    }
    self.defenses = defenses
  }

  /// Every defence with its paper and gradient policy, and what the attacker knows; "none" without any.
  public var explanation: String {
    if defenses.isEmpty { return Self.none }
    let parts = defenses.map { defense in
      let card = defense.card
      let remark = card.remark.isEmpty ? "" : ", \(card.remark)"
      return
        "\(defense.specifier) (\(card.title), \(card.paper); gradient \(card.gradient.rawValue)\(remark))"
    }
    let knowledge = isAdaptive ? "attacks see it too" : "attacks see the model without it, verdicts with it"
    return parts.joined(separator: ", then ") + "; \(knowledge)"
  }

  /// The explanation of a chain's text; the text itself where no chain of this version reads so.
  public static func explanation(of text: String) -> String {
    (try? DefenseChain(parsing: text))?.explanation ?? text
  }

  /// Names of other models that the defences need.
  public var memberNames: [String] { defenses.flatMap { ($0 as? Ensemble)?.names ?? [] } }

  /// The network, pixels to logits, with the defences that lie inside it.
  public func rewriting(_ graph: Graph) throws(GraphError) -> Graph {
    var result = graph
    for defense in defenses.reversed() {
      if let inner = defense as? any GraphDefense { result = try inner.rewriting(result) }
    }
    return result
  }

  /// The chain whose defences that learn have learned, each as `fit` does it.
  public func fitting(_ fit: (any FittedDefense) throws -> any FittedDefense) rethrows -> DefenseChain {
    var result = self
    result.defenses = try defenses.map { (defense) -> any Defense in
      guard let learner = defense as? any FittedDefense else { return defense }
      return try fit(learner)
    }
    return result
  }

  /// The model behind the defences, as attacks and verdicts see it.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    var oracle = base
    for defense in defenses.reversed() { oracle = try defense.guarding(oracle, context) }
    if isAdaptive { return oracle }
    let bare = try (defenses.last as? any GraphDefense)?.undoing(base, context) ?? base
    return UnawareOracle(search: bare, verdict: oracle)
  }
}
