/// The known names that are closest to a misspelt one, at most three, best first.
public func nearestNames(to name: String, among known: [String]) -> [String] {
  let lowered = Array(name.lowercased())
  let scored = known.map { (name: $0, distance: editDistance(lowered, Array($0.lowercased()))) }
  let limit = Swift.max(2, name.count / 2)
  let near = scored.filter { $0.distance <= limit || $0.name.lowercased().hasPrefix(name.lowercased()) }
  return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
}

/// Insertions, deletions and replacements that turn one word into the other: Levenshtein 1966. O(|a|·|b|).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let replaced = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = Swift.min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
