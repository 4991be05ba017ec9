/// The names that a mistyped word may have meant: at most three, nearest first, by edit distance.
func nearestNames(to word: String, among names: [String]) -> [String] {
  let limit = Swift.max(2, word.count / 3)
  return names.map { (name: $0, distance: editDistance(Array(word), Array($0))) }
    .filter { $0.distance <= limit }
    .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
    .prefix(3).map(\.name)
}

/// Insertions, deletions and replacements that turn one word into the other: Levenshtein 1966. O(a · b).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var previous = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var current = [i + 1]
    for (j, right) in b.enumerated() {
      let replaced = previous[j] + (left == right ? 0 : 1)
      current.append(Swift.min(replaced, previous[j + 1] + 1, current[j] + 1))
    }
    previous = current
  }
  return previous[b.count]
}
