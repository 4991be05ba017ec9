import AdvTensor
import AdvThreat

/// A gradient from losses alone: the mean over pairs of (L(x + σu) − L(x − σu)) / 2σ · u.
///
/// For u with uncorrelated coordinates of variance 1 its expectation is the gradient of the smoothed loss.
/// The divisor is 2σ per pair: another constant would change every step that is not a sign.
struct ProbedGradient {
  /// What the directions u are drawn from.
  enum Probe {
    /// Coordinates of ±1, as in SPSA.
    case signs
    /// Normal coordinates, as in NES.
    case normals
  }

  /// The distribution of u.
  let probe: Probe
  /// How far the losses are looked at.
  let distance: Float  // σ
  /// The number of directions; each costs two queries.
  let pairs: Int

  /// The estimate at a point; nil when the search is over. Points outside the box are cut to it.
  func estimate(
    _ search: inout QuerySearch, at x: [Float], _ stream: RandomStream, on oracle: any ScoreOracle
  ) throws(ThreatError) -> [Float]? {
    let box = search.problem.box
    let losses = try search.losses(of: 2 * pairs, on: oracle) { index in
      let direction = direction(index / 2, x.count, stream)
      let step = index % 2 == 0 ? distance : -distance
      return x.indices.map { box.clamp(x[$0] + step * direction[$0]) }
    }
    guard let losses else { return nil }
    var sum = [Double](repeating: 0, count: x.count)
    for pair in 0..<pairs {
      let rise = Double(losses[2 * pair]) - Double(losses[2 * pair + 1])
      guard rise != 0 else { continue }
      let direction = direction(pair, x.count, stream)
      for index in sum.indices { sum[index] += rise * Double(direction[index]) }
    }
    let scale = 1 / (2 * Double(distance) * Double(pairs))
    return sum.map { Float(scale * $0) }
  }

  /// The same numbers whenever it is asked for, so that none have to be kept.
  private func direction(_ pair: Int, _ count: Int, _ stream: RandomStream) -> [Float] {
    var draws = stream.substream(UInt64(pair))
    return (0..<count).map { _ in probe == .signs ? draws.sign() : draws.normal() }
  }
}
