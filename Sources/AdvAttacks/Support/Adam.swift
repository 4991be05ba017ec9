import Foundation

/// Adam — Kingma & Ba 2014, arXiv:1412.6980, with β = (0.9, 0.999): the moments of every coordinate, which may
/// be visited in any order.
struct Adam {
  private var first: [Double]
  private var second: [Double]
  private var visits: [Int]
  private let rate: Double

  /// Moments of zero for `count` coordinates.
  init(count: Int, rate: Double) {
    first = Array(repeating: 0, count: count)
    second = first
    visits = Array(repeating: 0, count: count)
    self.rate = rate
  }

  /// How far a coordinate moves along its slope, to be added in an ascent; 0 for slopes that were always 0.
  mutating func move(_ index: Int, along slope: Double) -> Double {
    first[index] = 0.9 * first[index] + 0.1 * slope
    second[index] = 0.999 * second[index] + 0.001 * slope * slope
    visits[index] += 1
    let mean = first[index] / (1 - pow(0.9, Double(visits[index])))
    let square = second[index] / (1 - pow(0.999, Double(visits[index])))
    return rate * mean / (square.squareRoot() + 1e-8)
  }
}
