import AdvTensor

/// One line of the catalogue: an attack, or a preset of one, whose type is known only to the line itself.
public struct AttackEntry: Sendable {
  /// What it is, under the entry's own name.
  public let card: AttackCard
  /// The parameters with the entry's defaults, in the order of the table.
  public let parameters: [ParameterDescription]
  private let configure: @Sendable ([Specifier.Setting]) throws(ThreatError) -> ConfiguredAttack

  /// One `name=value` of a specifier.
  public typealias Setting = (name: String, value: String)

  /// An entry over an attack's values; `card` renames a preset.
  public init<A: Attack>(_ preset: A, card: AttackCard = A.card) {
    self.card = card
    parameters = A.parameters.map { $0.description(in: preset) }
    configure = { (settings) throws(ThreatError) in
      do throws(SettingError) {
        return ConfiguredAttack(try preset.setting(settings, owner: card.id), card: card)
      } catch {
        throw .setting(error)
      }
    }
  }

  /// The attack with some parameters set; throws for unknown names and for values out of range.
  public func attack(with settings: [Setting] = []) throws(ThreatError) -> ConfiguredAttack {
    try configure(settings.map { Specifier.Setting(name: $0.name, value: $0.value) })
  }
}

/// An attack with all its parameters set, ready to run on any oracle that is strong enough.
public struct ConfiguredAttack: Sendable {
  /// What it is.
  public let card: AttackCard
  /// Every parameter with its value, in the order of the table.
  public let parameters: [(name: String, value: ParameterValue)]
  /// What it may do to an image where that is no ball.
  public let threat: Threat?
  private let body: @Sendable (AttackProblem, any LabelOracle) throws(ThreatError) -> AttackResult

  /// A value of an attack type; `card` renames a preset.
  public init<A: Attack>(_ attack: A, card: AttackCard = A.card) {
    self.card = card
    parameters = A.parameters.map { ($0.name, $0.value(in: attack)) }
    threat = attack.threat
    body = { (problem, oracle) throws(ThreatError) in
      guard let strongEnough = oracle as? A.Oracle else {
        throw .unsupported(
          attack: card.id, what: "a model without \(card.access.rawValue)",
          remedy: "choose an attack that needs less, see the column 'needs' of the list of attacks")
      }
      return try attack.run(problem, on: strongEnough)
    }
  }

  /// The specifier that makes this attack again: `pgd:steps=40,…`.
  public var specifier: String {
    let settings = parameters.map { "\($0.name)=\($0.value.text)" }.joined(separator: ",")
    return settings.isEmpty ? card.id : "\(card.id):\(settings)"
  }

  /// One candidate per image; see `Attack.run`.
  ///
  /// Throws for a problem that the attack cannot work on. A model that fails in the middle costs only the
  /// images at fault: the batch is then tried image by image, and a failure is written to its record.
  public func run(_ problem: AttackProblem, on oracle: any LabelOracle) throws(ThreatError) -> AttackResult {
    try card.check(problem)
    try problem.check(on: oracle)
    do {
      return try body(problem, oracle)
    } catch {
      guard error.concernsImages else { throw error }
      let isWhole = problem.count == 1 || card.scope == .problem
      return isWhole ? failed(problem, error) : try isolated(problem, on: oracle)
    }
  }

  private func isolated(_ problem: AttackProblem, on oracle: any LabelOracle) throws(ThreatError)
    -> AttackResult
  {
    var images = problem.images
    var records: [ImageRecord] = []
    var notes: [String] = []
    for index in 0..<problem.count {
      let alone = try run(problem.rows([index]), on: oracle)
      images.setRow(index, to: alone.images, row: 0)
      records += alone.records
      notes += alone.notes.filter { !notes.contains($0) }
    }
    return AttackResult(images: images, records: records, notes: notes)
  }

  private func failed(_ problem: AttackProblem, _ error: ThreatError) -> AttackResult {
    var record = ImageRecord()
    record.failure = error
    return AttackResult(
      images: problem.images, records: Array(repeating: record, count: problem.count))
  }
}
