import AdvTensor
import AdvThreat
import Foundation

/// A linear model behind a filter of its input that has no useful gradient: where it has one, that is 0.
///
/// An attack that knows takes the filter for the identity on the way back (Athalye et al. 2018, BPDA).
final class FilteredOracle: GradientOracle, WrappingOracle {
  typealias Filter = @Sendable (_ image: [Float]) -> [Float]

  let base: LinearOracle
  private let filter: Filter
  private let isStraightThrough: Bool

  init(_ base: LinearOracle, isStraightThrough: Bool, _ filter: @escaping Filter) {
    (self.base, self.isStraightThrough, self.filter) = (base, isStraightThrough, filter)
  }

  var wrapped: any LabelOracle { base }

  private func filtered(_ images: Tensor) -> Tensor {
    Tensor(images.shape, (0..<images.rowCount).flatMap { filter(images.row($0).elements) })
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(filtered(images), into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: filtered(images), logits: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
    if !isStraightThrough { gradient = Tensor(gradient.shape) }
  }

  /// Pixels rounded to so many levels.
  static func rounding(_ levels: Float) -> Filter { { $0.map { ($0 * levels).rounded() / levels } } }

  /// What JPEG loses of a grey image of 16 × 16: in each block of 8 × 8 the coefficients of the cosine transform
  /// are rounded to multiples of the steps of ITU-T T.81, table K.1, times a factor.
  static func jpeg(_ factor: Double) -> Filter {
    { image in
      var result = image
      for corner in [0, 8, 128, 136] {
        let places = (0..<64).map { corner + $0 / 8 * 16 + $0 % 8 }
        let coefficients = transformed(places.map { 255 * Double(image[$0]) - 128 }, isInverse: false)
        let rounded = zip(coefficients, steps).map { ($0 / ($1 * factor)).rounded() * $1 * factor }
        for (place, value) in zip(places, transformed(rounded, isInverse: true)) {
          result[place] = Float(min(max((value + 128) / 255, 0), 1))
        }
      }
      return result
    }
  }

  private static let steps: [Double] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
  ]

  /// The orthonormal cosine transform of a block, or back.
  private static func transformed(_ block: [Double], isInverse: Bool) -> [Double] {
    func wave(_ frequency: Int, _ place: Int) -> Double {
      (frequency == 0 ? 0.125.squareRoot() : 0.5) * cos((Double(place) + 0.5) * Double(frequency) * .pi / 8)
    }
    let table = (0..<8).map { row in (0..<8).map { isInverse ? wave($0, row) : wave(row, $0) } }
    var (rows, result) = ([Double](repeating: 0, count: 64), [Double](repeating: 0, count: 64))
    for (at, inner) in (0..<64).flatMap({ at in (0..<8).map { (at, $0) } }) {
      rows[at] += table[at / 8][inner] * block[inner * 8 + at % 8]
    }
    for (at, inner) in (0..<64).flatMap({ at in (0..<8).map { (at, $0) } }) {
      result[at] += table[at % 8][inner] * rows[at / 8 * 8 + inner]
    }
    return result
  }
}

/// z = W₂ q(tanh(W₁ x)) with activations q rounded to few levels: its true gradient is 0 almost everywhere.
final class QuantisedNetwork: GradientOracle {
  let domain: InputDomain
  let classCount: Int
  let rejectedClass: Int? = nil
  private let first: LinearOracle
  private let second: LinearOracle
  private let levels: Float = 3
  private let isStraightThrough: Bool
  private var hidden = Tensor([0])

  /// The network of a seed; taking the rounding for the identity on the way back, or its derivative as it is.
  init(seed: UInt64, imageShape: Shape, width: Int = 24, classes: Int = 4, isStraightThrough: Bool) {
    var stream = RandomStream(seed: seed)
    let count = imageShape.elementCount
    let weights = Tensor([width, count], (0..<width * count).map { _ in 0.6 * stream.normal() })
    let bias = (0..<width).map { -0.5 * weights.row($0).elements.reduce(0, +) }
    first = LinearOracle(weights: weights, bias: bias, imageShape: imageShape)
    second = LinearOracle(
      weights: Tensor([classes, width], (0..<classes * width).map { _ in stream.normal() }),
      bias: (0..<classes).map { _ in 0 }, imageShape: [width], box: Box(lower: -1, upper: 1))
    (domain, classCount) = (InputDomain(imageShape: imageShape), classes)
    self.isStraightThrough = isStraightThrough
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    let z = try first.logits(images)
    hidden = Tensor(z.shape, z.elements.map { tanh($0) })
    let rounded = Tensor(z.shape, hidden.elements.map { ($0 * levels).rounded() / levels })
    try second.logits(rounded, into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    var unused = Tensor([0])
    try first.linearize(at: images, logits: &unused)
    try self.logits(images, into: &logits)
    try second.linearize(at: hidden, logits: &unused)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let upstream = try second.pullback(cotangent)
    // h = tanh(a)    so: da = (1 − h²) dh, where the rounding passes dh on or nothing
    let inner = zip(upstream.elements, hidden.elements).map { isStraightThrough ? $0 * (1 - $1 * $1) : 0 }
    try first.pullback(Tensor(hidden.shape, inner), into: &gradient)
  }
}

/// A linear model that sees each pixel with probability ½, twice as far from grey; on average it sees the image.
final class MaskingOracle: RandomizedOracle, WrappingOracle {
  let base: LinearOracle
  private var masks: [[Float]] = []

  init(_ base: LinearOracle) { self.base = base }

  var wrapped: any LabelOracle { base }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    let number = if case .search(let number) = draw { UInt64(number) } else { UInt64.max }
    masks = ids.map { id in
      var stream = RandomStream(seed: 7, id, number)
      return (0..<base.weights.rowStride).map { _ in stream.sign() > 0 ? 2 : 0 }
    }
  }

  private func masked(_ images: Tensor, around grey: Float) -> Tensor {
    let stride = images.rowStride
    return Tensor(
      images.shape, images.elements.enumerated().map { grey + ($1 - grey) * masks[$0 / stride][$0 % stride] })
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    // What the masks make of an image may leave the box, which the base would refuse.
    let seen = masked(images, around: 0.5)
    logits = Tensor([images.rowCount, classCount])
    for row in 0..<images.rowCount {
      let x = seen.row(row).elements
      for label in 0..<classCount {
        logits[row * classCount + label] = zip(base.weights.row(label).elements, x).reduce(base.bias[label]) {
          $0 + $1.0 * $1.1
        }
      }
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &logits)
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
    gradient = masked(gradient, around: 0)
  }
}
