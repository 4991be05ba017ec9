import AdvTensor

/// Random draws whose spread is set by one knob: at 0 every draw is its centre, whatever the stream.
///
/// Every draw takes the same number of random words whatever the knob, so that turning the knob changes how far
/// a draw lies from its centre and not which draw it is.
struct Variation {
  private var stream: RandomStream
  let amount: Float

  init(_ stream: RandomStream, amount: Float) {
    self.stream = stream
    self.amount = amount
  }

  /// `center` ± `spread` · knob, uniformly.
  mutating func vary(_ center: Float, by spread: Float) -> Float {
    center + amount * stream.uniform(-spread, spread)
  }

  /// Both coordinates varied independently.
  mutating func vary(_ center: Point, by spread: Float) -> Point {
    Point(vary(center.x, by: spread), vary(center.y, by: spread))
  }

  /// Between 0 and `limit` · knob, uniformly.
  mutating func upTo(_ limit: Float) -> Float { amount * stream.uniform(0, limit) }

  /// True with probability `probability` at knob 0.5, in proportion below and above.
  mutating func chance(_ probability: Float) -> Bool { stream.uniform() < 2 * amount * probability }

  /// The first option at knob 0; at 0.5 and above any of them with equal probability.
  mutating func pick<Option>(_ options: [Option]) -> Option {
    let departs = stream.uniform() < 2 * amount
    let index = Int(stream.uniform() * Float(options.count))
    return departs ? options[index] : options[0]
  }

  /// A colour of the list, shifted a little in every channel.
  mutating func color(_ options: [Color]) -> Color {
    let base = pick(options)
    let shade = 1 + vary(0, by: 0.3)
    let shift = Color(1 + vary(0, by: 0.16), 1 + vary(0, by: 0.16), 1 + vary(0, by: 0.16))
    return (base * shade * shift).clamped(lowerBound: Color(repeating: 0), upperBound: Color(repeating: 1))
  }

  /// A number for seeding noise.
  mutating func seed() -> UInt32 {
    let word = stream.nextWord()
    return amount > 0 ? word : 0
  }
}
