import AdvAttacks
import AdvThreat

/// The attacks that the audit adds to those of a run.
struct AuditTrials {
  /// Where the run has no attack with steps of its own: projected gradient descent on a loss that does not saturate.
  static let reference = "pgd:steps=40,relative-step=0.1,loss=margin"
  /// Random points near an image among which its prediction should hardly change.
  static let neighbours = 100
  /// How far they are at most in every element: a window of 8/255, as in the authors' program.
  static let reach: Float = 4 / 255
  /// Classes that an image is pushed to, the likeliest first.
  static let targets = 3

  private let norm: Norm
  /// The dearest attack of the run that takes gradient steps; nil where there is none.
  let main: ConfiguredAttack?

  /// What the audit tries after these attacks, cheap ones first.
  init(_ attacks: [ConfiguredAttack], _ norm: Norm) {
    self.norm = norm
    main = attacks.last { $0.card.access == .gradients && Self.number("steps", of: $0) != nil }
  }

  /// The attack with steps whose ascent is watched; nil in a norm that the reference does not know.
  var ascent: ConfiguredAttack? { main ?? pgd(Self.reference) }

  /// The ascent with twice the steps.
  var moreSteps: ConfiguredAttack? {
    guard let ascent, let steps = Self.number("steps", of: ascent) else { return nil }
    return Self.attack(ascent, with: "steps", 2 * steps)
  }

  /// The ascent from ten random starts.
  var moreStarts: ConfiguredAttack? {
    if let ascent, Self.number("restarts", of: ascent) != nil {
      return Self.attack(ascent, with: "restarts", 10)
    }
    return pgd(Self.reference + ",restarts=10")
  }

  /// An attack that sees scores only.
  var square: ConfiguredAttack? { pgd("square:queries=500,rescaled=true") }

  /// An attack that is given a target.
  var targeted: ConfiguredAttack? { pgd("pgd:steps=20,relative-step=0.25,loss=margin") }

  /// A radius of this share of the box, for images of so many elements; nil for a count of elements.
  func radius(_ share: Double, elements: Int) -> Epsilon? {
    switch norm {
    case .linf: try? Epsilon("\(share)", norm: norm)
    case .l2: try? Epsilon("\(share * Double(elements).squareRoot())", norm: norm)
    case .l1: try? Epsilon("\(share * Double(elements))", norm: norm)
    case .l0: nil
    }
  }

  /// A specifier of an attack that knows L∞, L2 and L1.
  private func pgd(_ specifier: String) -> ConfiguredAttack? {
    norm == .l0 ? nil : try? AttackCatalog.attack(specifier)
  }

  private static func number(_ name: String, of attack: ConfiguredAttack) -> Int? {
    attack.parameters.first { $0.name == name }.flatMap { Int($0.value.text) }
  }

  private static func attack(_ attack: ConfiguredAttack, with name: String, _ value: Int) -> ConfiguredAttack?
  {
    let settings = attack.parameters.map { "\($0.name)=\($0.name == name ? "\(value)" : $0.value.text)" }
    return try? AttackCatalog.attack("\(attack.card.id):\(settings.joined(separator: ","))")
  }
}
