import AdvTensor
import AdvThreat
import Foundation

/// Adam on w with x' = lower + width · ½ (tanh(w) + 1), which cannot leave the box — Kingma & Ba 2014,
/// arXiv:1412.6980, with β = (0.9, 0.999).
struct AdamInTanhSpace {
  private var w: [Double]
  private var first: [Double]
  private var second: [Double]
  private var lastLoss: [Double]
  private let stride: Int
  private let box: Box
  private let rate: Double

  /// Begins at the images `[n, …]`, drawn a little inwards: at a bound w would be infinite.
  init(_ images: Tensor, _ box: Box, rate: Double, inward: Double) {
    stride = images.rowStride
    self.box = box
    self.rate = rate
    w = images.elements.map { value in
      atanh((2 * (Double(value) - Double(box.lower)) / Double(box.width) - 1) * inward)
    }
    first = Array(repeating: 0, count: w.count)
    second = first
    lastLoss = Array(repeating: .infinity, count: images.rowCount)
  }

  /// The state of some of the images.
  func rows(_ kept: [Int]) -> AdamInTanhSpace {
    var result = self
    let pick = { (values: [Double]) in kept.flatMap { values[$0 * stride..<($0 + 1) * stride] } }
    (result.w, result.first, result.second) = (pick(w), pick(first), pick(second))
    result.lastLoss = kept.map { lastLoss[$0] }
    return result
  }

  /// x' `[n, …]`.
  func writePoints(_ x: inout Tensor) {
    x.withMutableElements { points in
      for index in points.indices {
        points[index] = box.clamp(Float(Double(box.lower) + Double(box.width) * (tanh(w[index]) + 1) / 2))
      }
    }
  }

  /// One step against a gradient by x'; coordinates whose gradient is 0 from the start stay.
  mutating func step(_ gradient: Tensor, number: Int) {
    let (bias1, bias2) = (1 - pow(0.9, Double(number)), 1 - pow(0.999, Double(number)))
    gradient.withElements { slopes in
      for index in w.indices {
        let t = tanh(w[index])
        // x' = lower + width (tanh w + 1) / 2    so: dw = dx' · width (1 − tanh² w) / 2
        let slope = Double(slopes[index]) * Double(box.width) * (1 - t * t) / 2
        first[index] = 0.9 * first[index] + 0.1 * slope
        second[index] = 0.999 * second[index] + 0.001 * slope * slope
        w[index] -= rate * (first[index] / bias1) / ((second[index] / bias2).squareRoot() + 1e-8)
      }
    }
  }

  /// Which images' losses are not below this share of the one at their last check.
  mutating func areStalled(_ losses: [Double], above share: Double) -> [Bool] {
    defer { lastLoss = losses }
    return losses.indices.map { losses[$0] > share * lastLoss[$0] }
  }
}
