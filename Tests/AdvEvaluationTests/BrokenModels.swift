import AdvTensor
import AdvThreat

@testable import AdvEvaluation

/// A linear model that hides its gradients in one of the ways that fool evaluations.
final class BrokenModel: GradientOracle, WrappingOracle {
  enum Way: String, CaseIterable, Sendable {
    /// Logits so large that the softmax rounds to 1 and the gradient of the cross-entropy to 0.
    case saturatedSoftmax
    /// Activations rounded to few values; the derivative of rounding is 0.
    case quantisedActivations
    /// Pixels rounded to three bits before the model sees them.
    case bitDepth
    /// Noise on the input that is new at every pass.
    case randomInputs
    /// Probabilities in place of logits.
    case softmax
    /// The best rival never moves; only another class can be reached, and the margin does not see it.
    case decoy
    /// Gradients that point the wrong way.
    case reversed
    /// Gradients that are not a number; the logits are right.
    case notANumber
    /// A logit that jumps from image to image, always in the same way for the same image.
    case jagged
    /// Gradients that point the right way only in one of eight pockets that the first pixel chooses, in none of which
    /// an image of whole levels lies. The pixel changes nothing else, so that an attack stays where it starts.
    case pockets
  }

  private let base: LinearOracle
  private let way: Way
  private var noise = RandomStream(seed: 3)
  private var isInPocket: [Bool] = []

  init(_ base: LinearOracle, _ way: Way) {
    let scale: Float = way == .saturatedSoftmax ? 1e5 : 1
    self.base = LinearOracle(
      weights: Tensor(base.weights.shape, base.weights.elements.map { $0 * scale }),
      bias: base.bias.map { $0 * scale }, imageShape: base.domain.imageShape ?? [base.weights.rowStride])
    self.way = way
  }

  var wrapped: any LabelOracle { base }

  private func seen(_ images: Tensor) -> Tensor {
    switch way {
    case .bitDepth: Tensor(images.shape, images.elements.map { ($0 * 7).rounded() / 7 })
    case .randomInputs:
      Tensor(images.shape, images.elements.map { min(max($0 + noise.uniform(-0.05, 0.05), 0), 1) })
    case .pockets: withoutFirstPixel(images, 0.5)
    default: images
    }
  }

  private func withoutFirstPixel(_ images: Tensor, _ value: Float) -> Tensor {
    var result = images
    for row in 0..<images.rowCount { result[row * images.rowStride] = value }
    return result
  }

  /// What only this very image has.
  private func jump(_ images: Tensor, _ row: Int) -> Float {
    let mark = images.row(row).elements.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1.bitPattern) }
    var stream = RandomStream(seed: mark)
    return stream.uniform(-1, 1)
  }

  private func shown(_ logits: inout Tensor, _ images: Tensor) {
    for row in 0..<logits.rowCount {
      if way == .jagged { logits[row * classCount] += jump(images, row) }
      let values = logits.row(row).elements
      let sum = values.reduce(0) { $0 + exponential(Double($1)) }
      for index in values.indices {
        switch way {
        case .quantisedActivations: logits[row * classCount + index] = (values[index] * 8).rounded() / 8
        case .softmax: logits[row * classCount + index] = Float(exponential(Double(values[index])) / sum)
        case .decoy:
          logits[row * classCount + index] = [0, -0.2, min(values[2] - values[0] - 0.3, 0.1)][index]
        default: break
        }
      }
    }
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(seen(images), into: &logits)
    shown(&logits, images)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: seen(images), logits: &logits)
    shown(&logits, images)
    isInPocket = (0..<images.rowCount).map { row in
      Int(images[row * images.rowStride] * 255 * 16 + 0.5) % 8 == 3
    }
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    var inner = cotangent
    if way == .decoy {
      for row in 0..<inner.rowCount {
        let slope = cotangent[row * 3 + 2]
        (inner[row * 3], inner[row * 3 + 1], inner[row * 3 + 2]) = (-slope, 0, slope)
      }
    }
    try base.pullback(inner, into: &gradient)
    switch way {
    case .quantisedActivations, .bitDepth: gradient = Tensor(gradient.shape)
    case .reversed: gradient = Tensor(gradient.shape, gradient.elements.map { -$0 })
    case .notANumber: gradient = Tensor(gradient.shape, filledWith: .nan)
    case .pockets:
      let stride = gradient.rowStride
      gradient = withoutFirstPixel(
        Tensor(
          gradient.shape, gradient.elements.enumerated().map { isInPocket[$0 / stride] ? $1 : -$1 }), 0)
    default: break
    }
  }
}

/// A model that adds noise which is a function of image and draw.
final class DrawnModel: RandomizedOracle, WrappingOracle {
  private let base: LinearOracle
  private var keys: [(id: UInt64, draw: UInt64)] = []

  init(_ base: LinearOracle) { self.base = base }

  var wrapped: any LabelOracle { base }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    let number = if case .search(let number) = draw { UInt64(number) } else { UInt64.max }
    keys = ids.map { ($0, number) }
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(images, into: &logits)
    for row in 0..<min(images.rowCount, keys.count) {
      var stream = RandomStream(seed: 5, keys[row].id, keys[row].draw)
      logits[row * classCount] += stream.uniform(-0.01, 0.01)
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: images, logits: &logits)
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try base.pullback(cotangent, into: &gradient)
  }
}
