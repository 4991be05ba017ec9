import AdvTensor
import AdvThreat

/// The rows of an ascent between two steps.
struct AscentState {
  private let settings: ScoreAscent
  private let classes: [Int]
  private let origin: ScoreAscent.Origin?
  private let form: FourierImage?
  private var numbers: Tensor  // pixels or coefficients [n, C, H, W]
  private var adam: Adam
  private var logits = Tensor([0])
  private var gradient = Tensor([0])
  /// The images `[n, C, H, W]`, in 0…1.
  private(set) var images: Tensor

  init(_ settings: ScoreAscent, _ classes: [Int], _ shape: Shape, _ origin: ScoreAscent.Origin?) {
    (self.settings, self.classes, self.origin) = (settings, classes, origin)
    form = settings.parametrisation == .fourier ? FourierImage(shape) : nil
    let noise = Self.noise(settings, classes, shape)
    if let form {
      numbers = origin.map { form.numbers(of: $0.images) } ?? noise(0, Self.coefficientNoise)
      images = form.images(numbers)
    } else {
      numbers = origin?.images ?? noise(0.5, Self.pixelNoise)
      images = numbers
    }
    adam = Adam(shape: numbers.shape, rate: settings.rate)
  }

  private static let pixelNoise: Float = 0.05
  private static let coefficientNoise: Float = 0.1

  /// One step of every row: a warped look, back through the warp, the priors, Adam, back into ball and box.
  mutating func advance(step: Int, on oracle: any GradientOracle) throws(ThreatError) {
    let warps = classes.map { warp(of: $0, step: step) }
    try oracle.linearize(at: warped(images, warps) { $0.apply($1, into: $2) }, logits: &logits)
    if let row = logits.firstRowNotFinite { throw .notFinite(what: "logits", image: UInt64(row)) }
    try oracle.pullback(cotangent(), into: &gradient)
    var slope = warped(gradient, warps) { $0.transpose($1, into: $2) }
    Priors.addDecay(settings.decay, at: images, to: &slope)
    Priors.addVariation(settings.variation, at: images, to: &slope)
    if let form {
      adam.ascend(&numbers, along: form.pullback(slope, at: images))
      images = form.images(numbers)
    } else {
      adam.ascend(&numbers, along: slope)
      let isDue = settings.blur > 0 && (step + 1) % Swift.max(1, settings.blurEvery) == 0
      if isDue { numbers = Priors.blurred(numbers, deviation: settings.blur) }
      confine()
      images = numbers
    }
  }

  private mutating func confine() {
    if let origin, let ball = origin.ball {
      ball.project(&numbers, around: origin.images, in: .unit)
    } else {
      numbers.withMutableElements { x in for index in x.indices { x[index] = Box.unit.clamp(x[index]) } }
    }
  }

  /// The derivative of the objectives by the logits, one row per class.
  private func cotangent() -> Tensor {
    var result = Tensor(logits.shape)
    let count = logits.rowStride
    for (row, label) in classes.enumerated() {
      let offset = row * count
      switch settings.objective {
      case .score: break
      case .margin:
        let z = logits.row(row).elements
        let rivals = z.indices.filter { $0 != label }
        if let rival = rivals.max(by: { z[$0] != z[$1] ? z[$0] < z[$1] : $0 > $1 }) {
          result[offset + rival] = -1
        }
      case .probability:
        // d log p_c / dz = 1 at c, minus p everywhere.
        let z = logits.row(row).elements.map(Double.init)
        let peak = z.max() ?? 0
        let total = z.reduce(0) { $0 + exponential($1 - peak) }
        for index in z.indices { result[offset + index] = -Float(exponential(z[index] - peak) / total) }
      }
      result[offset + label] += 1
    }
    return result
  }

  private func warp(of label: Int, step: Int) -> Warp? {
    guard settings.jitter > 0 || settings.rotation > 0 || settings.scaling > 0 else { return nil }
    var stream = RandomStream(seed: settings.seed, UInt64(label), 1, UInt64(step))
    func shift() -> Double { Double(stream.integer(below: 2 * settings.jitter + 1) - settings.jitter) }
    let (down, right) = (shift(), shift())
    let angle = Double(stream.uniform(-settings.rotation, settings.rotation)) * .pi / 180
    let size = exponential(Double(stream.uniform(-1, 1)) * logarithm(1 + Double(settings.scaling)))
    return Warp(
      height: images.shape[2], width: images.shape[3], angle: angle, size: size, down: down, right: right)
  }

  /// Every row through its warp, or through the transpose of it.
  private func warped(
    _ images: Tensor, _ warps: [Warp?],
    _ body: (Warp, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    guard warps.contains(where: { $0 != nil }) else { return images }
    let (channels, plane) = (images.shape[1], images.shape[2] * images.shape[3])
    var result = Tensor(images.shape)
    result.withMutableElements { destination in
      images.withElements { source in
        for (row, warp) in warps.enumerated() {
          guard let warp else { continue }
          for channel in 0..<channels {
            let offset = (row * channels + channel) * plane
            body(warp, source.baseAddress! + offset, destination.baseAddress! + offset)
          }
        }
      }
    }
    return result
  }

  /// Numbers around a middle, drawn for each class by itself; for a grey start the middle alone.
  private static func noise(_ settings: ScoreAscent, _ classes: [Int], _ shape: Shape) -> (Float, Float) ->
    Tensor
  {
    { middle, deviation in
      let rows = classes.map { label -> Tensor in
        guard settings.start == .noise else { return Tensor(shape, filledWith: middle) }
        var stream = RandomStream(seed: settings.seed, UInt64(label), 0)
        return Tensor(shape, (0..<shape.elementCount).map { _ in middle + deviation * stream.normal() })
      }
      return Tensor.stacking(rows, rowShape: shape)
    }
  }
}

/// Adam — Kingma & Ba 2014, arXiv:1412.6980 — upwards, element by element, so that rows do not meet.
struct Adam {
  private var mean: Tensor
  private var square: Tensor
  private var count = 0
  private let rate: Float
  private static let (first, second, guardTerm): (Float, Float, Float) = (0.9, 0.999, 1e-8)

  init(shape: Shape, rate: Float) {
    (mean, square, self.rate) = (Tensor(shape), Tensor(shape), rate)
  }

  /// x ← x + rate · m̂ / (√v̂ + 1e-8).
  mutating func ascend(_ x: inout Tensor, along gradient: Tensor) {
    count += 1
    let (first, second) = (Self.first, Self.second)
    let meanScale = 1 / (1 - power(first, count))
    let squareScale = 1 / (1 - power(second, count))
    x.withMutableElements { point in
      gradient.withElements { slope in
        mean.withMutableElements { m in
          square.withMutableElements { v in
            for index in point.indices {
              m[index] = first * m[index] + (1 - first) * slope[index]
              v[index] = second * v[index] + (1 - second) * slope[index] * slope[index]
              let length = (v[index] * squareScale).squareRoot() + Self.guardTerm
              point[index] += rate * m[index] * meanScale / length
            }
          }
        }
      }
    }
  }

  private func power(_ base: Float, _ exponent: Int) -> Float {
    (0..<exponent).reduce(1) { result, _ in result * base }
  }
}
