/// One image's search for the weight c of its loss against the distance: while nothing is found c grows tenfold,
/// then it is bisected.
struct ConstantSearch {
  private(set) var value: Double
  private var low = 0.0
  private var high = Double.infinity
  /// Whether this c has broken the image.
  var isBroken = false

  init(first: Float) { value = Double(first) }

  /// The next c after the result of this one.
  mutating func bisect() {
    if isBroken { high = Swift.min(high, value) } else { low = Swift.max(low, value) }
    value = high.isFinite ? (low + high) / 2 : value * 10
    isBroken = false
  }
}
