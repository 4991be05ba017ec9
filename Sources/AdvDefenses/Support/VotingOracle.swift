import AdvTensor
import AdvThreat

/// A model behind a filter with random numbers.
///
/// A verdict votes over draws of its own. A search sees z = log of the mean of softmax over other draws, and its
/// exact gradient: the soft counterpart of the vote, which is what an adaptive attack climbs (Salman et al. 2019,
/// arXiv:1906.04584, equation 5). All draws are functions of (seed, image, draw), so the same image gets the
/// same ones at every step and in every batch.
final class VotingOracle<Filter: RandomFilter>: RandomizedOracle, WrappingOracle {
  let domain: InputDomain
  private let base: any GradientOracle
  private let filter: Filter
  private let seed: UInt64
  private var draw = Draw.verdict
  private var ids: [UInt64] = []
  private var point: Point?

  /// What a pullback needs of its linearisation.
  private struct Point {
    let images: Tensor
    let streams: [RandomStream]  // one for each row and draw
    let mixture: Mixture
  }

  init(_ base: any GradientOracle, _ filter: Filter, _ domain: InputDomain, seed: UInt64) {
    (self.base, self.filter, self.domain, self.seed) = (base, filter, domain, seed)
  }

  var wrapped: any LabelOracle { base }

  func fix(_ draw: Draw, of ids: [UInt64]) { (self.draw, self.ids) = (draw, ids) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try check(images)
    switch draw {
    case .search(let number):
      logits = try look(at: images, number) { (x, z) throws(ThreatError) in
        try base.logits(x, into: &z)
      }.mixture.logits
    case .verdict:
      var tally = Tally(Filter.vote, rows: images.rowCount, classes: classCount)
      for sample in 0..<filter.samples {
        base.announce(.verdict, of: ids.map { Self.key($0, sample) })
        let streams = ids.map { RandomStream(seed: seed, $0, 0, UInt64(sample)) }
        tally.add(try base.logits(try filtered(images, streams, copies: 1)))
      }
      logits = tally.logits
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try check(images)
    let number = if case .search(let number) = draw { number } else { 0 }
    let point = try look(at: images, number) { (x, z) throws(ThreatError) in
      try base.linearize(at: x, logits: &z)
    }
    logits = point.mixture.logits
    self.point = point
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    guard let point else { throw .oracleFailed("a pullback needs a linearization before it") }
    let outer = try base.pullback(point.mixture.pullback(cotangent))
    let copies = filter.draws
    gradient = try Tensor.batch(point.images.rowCount, of: point.images.shape.droppingFirst()) {
      (row) throws(ThreatError) in
      let image = point.images.planes(row)
      var sum = Planes(image.size)
      for place in row * copies..<(row + 1) * copies {
        let part = filter.pullback(outer.planes(place), at: image, point.streams[place])
        for index in sum.values.indices { sum.values[index] += part.values[index] }
      }
      return sum
    }
  }

  /// One pass of an attack: every image under each of the filter's draws, in one batch of the base.
  private func look(
    at images: Tensor, _ number: Int, _ ask: (Tensor, inout Tensor) throws(ThreatError) -> Void
  ) throws(ThreatError) -> Point {
    let copies = filter.draws
    var streams: [RandomStream] = []
    var keys: [UInt64] = []
    for id in ids {
      for copy in 0..<copies {
        streams.append(RandomStream(seed: seed, id, 1, UInt64(number * copies + copy)))
        keys.append(Self.key(id, copy))
      }
    }
    base.announce(.search(number), of: keys)
    var answers = Tensor([0])
    try ask(try filtered(images, streams, copies: copies), &answers)
    return Point(images: images, streams: streams, mixture: Mixture(answers, copies: copies))
  }

  /// Row r · copies + c is image r under the c-th of its streams.
  private func filtered(
    _ images: Tensor, _ streams: [RandomStream], copies: Int
  ) throws(ThreatError) -> Tensor {
    let shape = base.domain.imageShape ?? images.shape.droppingFirst()
    return try Tensor.batch(streams.count, of: shape) { (place) throws(ThreatError) in
      try filter.apply(to: images.planes(place / copies), streams[place])
    }
  }

  private func check(_ images: Tensor) throws(ThreatError) {
    try domain.check(images)
    guard ids.count == images.rowCount else {
      throw .oracleFailed(
        "a defence with random numbers was asked about \(images.rowCount) images and told the names of "
          + "\(ids.count): this is a mistake in advkit.")
    }
  }

  /// A name of its own for every sample, for random parts behind this filter.
  private static func key(_ id: UInt64, _ sample: Int) -> UInt64 {
    id &+ UInt64(sample) &* 0x9E37_79B9_7F4A_7C15
  }
}
