import AdvEvaluation
import AdvFormats
import AdvSettings
import AdvThreat
import Yams

/// The file of `advkit check`: a grid and its thresholds.
struct CheckFile {
  private(set) var request: GridRequest
  private(set) var rules: [GateRule] = []
  private let path: String

  private static let keys: Set<String> = [
    "model", "models", "defense", "defenses", "dataset", "images", "limit", "offset", "classes", "norm",
    "seed", "eps-rounding", "audit-images", "audit-draws", "rules",
  ]
  private static let ruleKeys: Set<String> = [
    "attack", "eps", "min-robust-accuracy", "min-clean-accuracy", "max-drop-from-baseline",
  ]
  private static let sizeLimit = 1 << 20  // bytes; a gate is a page of text

  /// Reads a file; every mistake names its line.
  init(path: String) throws {
    let bytes = try FileBytes.read(path, limit: Self.sizeLimit)
    let root: Node?
    do {
      root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw InputError("\(path): \(Self.problem(error)).\n  See docs/ci/advkit.yml for an example.")
    }
    guard let root, let mapping = root.mapping else {
      throw InputError(
        "\(path): expected the keys model, dataset and rules.\n  See docs/ci/advkit.yml for an example.")
    }
    self.path = path
    request = GridRequest(models: [])
    try check(mapping, Self.keys)
    try readGrid(mapping)
    guard let list = mapping["rules"]?.sequence, !list.isEmpty else {
      throw InputError("\(path): no rules, expected a list of {attack, eps, min-robust-accuracy, …}.")
    }
    rules = try list.map { try rule($0) }
    try collectCells()
  }

  /// Where a file is no YAML, and why, in one line.
  private static func problem(_ error: any Error) -> String {
    switch error {
    case YamlError.parser(_, let problem, let mark, _), YamlError.scanner(_, let problem, let mark, _):
      "no YAML at line \(mark.line), column \(mark.column): \(problem)"
    default: "the file is no YAML"
    }
  }

  private mutating func readGrid(_ mapping: Node.Mapping) throws {
    request.models = try words(mapping, "model") + words(mapping, "models")
    guard !request.models.isEmpty else {
      throw InputError("\(path): no model, expected the key model or models.")
    }
    let defenses = try words(mapping, "defense") + words(mapping, "defenses")
    if !defenses.isEmpty { request.defenses = defenses }
    if let norm = try text(mapping, "norm") {
      request.norm = try Lists.choice(norm, option: "\(path): norm")
    }
    if let rounding = try text(mapping, "eps-rounding") {
      request.rounding = try Lists.choice(rounding, option: "\(path): eps-rounding")
    }
    request.seed = UInt64(try whole(mapping, "seed") ?? 0)
    request.auditImages = try whole(mapping, "audit-images") ?? GridRequest.auditImages
    request.auditDraws = try whole(mapping, "audit-draws") ?? GridPlan.auditDraws
    var options: [String] = []
    if let dataset = try text(mapping, "dataset") { options += ["--dataset", dataset] }
    let images = try words(mapping, "images")
    if !images.isEmpty { options += ["--images"] + images }
    for key in ["limit", "offset"] {
      if let value = try whole(mapping, key) { options += ["--\(key)", "\(value)"] }
    }
    if let classes = try text(mapping, "classes") { options += ["--classes", classes] }
    do {
      request.data = try DataOptions.parse(options)
    } catch {
      throw InputError("\(path): \(DataOptions.message(for: error))")
    }
    (request.survivorsOnly, request.command) = (false, ["advkit", "check", "--config", path])
  }

  private func rule(_ node: Node) throws -> GateRule {
    let line = node.mark?.line ?? 1
    guard let mapping = node.mapping else {
      throw InputError("\(path):\(line): a rule is {attack: …, eps: …, min-robust-accuracy: …}.")
    }
    try check(mapping, Self.ruleKeys)
    var rule = GateRule()
    rule.line = line
    (rule.attack, rule.epsilon) = (try text(mapping, "attack"), try text(mapping, "eps"))
    rule.minRobust = try fraction(mapping, "min-robust-accuracy")
    rule.minClean = try fraction(mapping, "min-clean-accuracy")
    rule.maxDrop = try fraction(mapping, "max-drop-from-baseline")
    if (rule.attack == nil) != (rule.epsilon == nil) {
      throw InputError("\(path):\(line): attack and eps belong together.")
    }
    if rule.minRobust != nil, rule.attack == nil {
      throw InputError("\(path):\(line): min-robust-accuracy needs attack and eps.")
    }
    if rule.minRobust == nil, rule.minClean == nil, rule.maxDrop == nil {
      throw InputError("\(path):\(line): the rule has no threshold, expected one of \(thresholds).")
    }
    return rule
  }

  private var thresholds: String { "min-robust-accuracy, min-clean-accuracy, max-drop-from-baseline" }

  /// Only what some rule asks for is computed.
  private mutating func collectCells() throws {
    var cells: [(attack: String, epsilon: String)] = []
    for rule in rules {
      guard let attack = rule.attack, let text = rule.epsilon else { continue }
      if !request.attacks.contains(attack) { request.attacks.append(attack) }
      if !request.epsilons.contains(where: { $0.text == text }) {
        request.epsilons.append(try Epsilon(text, norm: request.norm))
      }
      if !cells.contains(where: { $0 == (attack, text) }) { cells.append((attack, text)) }
    }
    request.cells = cells
  }

  private func check(_ mapping: Node.Mapping, _ known: Set<String>) throws {
    for (key, _) in mapping {
      guard let name = key.string, known.contains(name) else {
        let word = key.string ?? "?"
        let near = nearestNames(to: word, among: known.sorted()).joined(separator: ", ")
        throw InputError(
          "\(path):\(key.mark?.line ?? 1): unknown key '\(word)'"
            + (near.isEmpty ? "" : ". Did you mean \(near)?") + "\n  Expected one of "
            + known.sorted().joined(separator: ", ") + ".")
      }
    }
  }

  private func text(_ mapping: Node.Mapping, _ key: String) throws -> String? {
    guard let node = mapping[key] else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw InputError("\(path):\(node.mark?.line ?? 1): '\(key)' is no text.")
    }
    return text
  }

  /// One word, or a list of them.
  private func words(_ mapping: Node.Mapping, _ key: String) throws -> [String] {
    guard let node = mapping[key] else { return [] }
    if let list = node.sequence {
      let words = list.compactMap { $0.scalar?.string }
      guard words.count == list.count, !words.isEmpty else {
        throw InputError("\(path):\(node.mark?.line ?? 1): '\(key)' is no list of names.")
      }
      return words
    }
    return try text(mapping, key).map { [$0] } ?? []
  }

  private func whole(_ mapping: Node.Mapping, _ key: String) throws -> Int? {
    guard let text = try text(mapping, key) else { return nil }
    guard let value = Int(text), value >= 0 else {
      throw InputError(
        "\(path):\(mapping[key]?.mark?.line ?? 1): '\(key)' is '\(text)', expected a whole number.")
    }
    return value
  }

  private func fraction(_ mapping: Node.Mapping, _ key: String) throws -> Double? {
    guard let text = try text(mapping, key) else { return nil }
    guard let value = Double(text), value >= 0, value <= 1 else {
      throw InputError(
        "\(path):\(mapping[key]?.mark?.line ?? 1): '\(key)' is '\(text)', expected a fraction in 0…1, such as 0.8."
      )
    }
    return value
  }
}
