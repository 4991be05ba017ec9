/// The names that a mistyped one may stand for.
enum NearestNames {
  /// At most three of `names` within a third of the length in edits, nearest first.
  static func of(_ typed: String, among names: [String]) -> [String] {
    let limit = max(2, typed.count / 3)
    let scored = names.map { (name: $0, distance: distance(typed.lowercased(), $0)) }
    let near = scored.filter { $0.distance <= limit || (typed.count > 2 && $0.name.hasPrefix(typed)) }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// The number of insertions, deletions and substitutions between two words — Levenshtein 1966. O(length²).
  static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let substituted = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
