import AdvTensor
import AdvThreat

/// Where in an image a class's score comes from.
public struct Saliency: Sendable {
  /// How the score is shared out among the pixels.
  public enum Method: String, CaseIterable, Sendable {
    /// ∂S/∂x — Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034, section 3.
    case gradient
    /// x · ∂S/∂x — Shrikumar et al. 2016, arXiv:1605.01713.
    case gradientTimesInput = "gradient-x-input"
    /// The mean of ∂S/∂x over noisy copies — Smilkov et al. 2017, arXiv:1706.03825.
    case smoothGrad = "smoothgrad"
    /// (x − b) · ∫ ∂S/∂x from the baseline b to x — Sundararajan, Taly & Yan 2017, arXiv:1703.01365.
    case integratedGradients = "integrated-gradients"
    /// The score projected back through the filters, with every ReLU keeping what is positive on the way back —
    /// Zeiler & Fergus 2014, arXiv:1311.2901. It needs an oracle whose pullback does that.
    case deconvnet
    /// The same, where the ReLU was open as well: guided backpropagation — Springenberg et al. 2015,
    /// arXiv:1412.6806. It needs an oracle whose pullback does that.
    case guided = "guided-backpropagation"

    /// Whether the shares have a sign that means for and against the class.
    public var isSigned: Bool { self == .gradientTimesInput || self == .integratedGradients }
  }

  /// Copies for SmoothGrad, points on the way for integrated gradients.
  public var samples = 64
  /// Standard deviation of SmoothGrad's noise, in pixels of 0…1.
  public var noise: Float = 0.15
  /// The pixel of the baseline: 0 is black.
  public var baseline: Float = 0
  /// Fixes SmoothGrad's noise, together with the image's key.
  public var seed: UInt64 = 0

  /// The defaults of the papers, with 64 samples.
  public init() {}

  private static let batch = 16

  /// One image's map.
  public struct Map: Sendable {
    /// The share of every element, `[C, H, W]`.
    public let values: Tensor
    /// The class's score for the image.
    public let score: Double
    /// The class's score for the baseline; nil where the method has none.
    public let baselineScore: Double?

    /// The sum of all shares, in Double: for integrated gradients the score's difference from the baseline's.
    public var total: Double { values.withElements { $0.reduce(0.0) { $0 + Double($1) } } }

    /// How far the sum is from the difference that it should be, over that difference; nil without a baseline.
    public var completenessGap: Double? {
      baselineScore.map { base in
        let difference = score - base
        return abs(total - difference) / Swift.max(abs(difference), 1e-12)
      }
    }
  }

  /// The map of one class's score for one image `[C, H, W]`; `key` is the image's own number for its noise.
  ///
  /// - Parameter oracle: for `.deconvnet` and `.guided` one that pulls back by their rule, else gradients.
  public func map(
    _ method: Method, of label: Int, at image: Tensor, key: UInt64 = 0, on oracle: any GradientOracle
  ) throws(ThreatError) -> Map {
    let batch = image.reshaped(to: image.shape.prepending(1))
    let score = try self.score(of: label, batch, on: oracle)
    switch method {
    case .gradient, .gradientTimesInput, .deconvnet, .guided:
      let slope = try oracle.logitGradient(of: label, at: batch).row(0)
      let values = method == .gradientTimesInput ? Self.product(slope, image) { $0 * $1 } : slope
      return Map(values: values, score: score, baselineScore: nil)
    case .smoothGrad:
      let mean = try meanGradient(of: label, on: oracle) { noisy(image, copy: $0, key) }
      return Map(values: mean, score: score, baselineScore: nil)
    case .integratedGradients:
      let base = baseline
      // The middle of every part of the way: exact for scores up to quadratic.
      let mean = try meanGradient(of: label, on: oracle) { copy in
        let share = (Float(copy) + 0.5) / Float(samples)
        return Tensor(image.shape, image.elements.map { base + share * ($0 - base) })
      }
      let values = Self.product(mean, image) { $0 * ($1 - base) }
      let start = Tensor(batch.shape, filledWith: base)
      return Map(values: values, score: score, baselineScore: try self.score(of: label, start, on: oracle))
    }
  }

  private func score(
    of label: Int, _ image: Tensor, on oracle: any ScoreOracle
  ) throws(ThreatError) -> Double {
    guard label >= 0, label < oracle.classCount else {
      throw .mismatch(what: "class", got: "\(label)", expected: "0…\(oracle.classCount - 1)")
    }
    return Double(try oracle.logits(image)[label])
  }

  private func noisy(_ image: Tensor, copy: Int, _ key: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed, key, UInt64(copy))
    return Tensor(image.shape, image.elements.map { $0 + noise * stream.normal() })
  }

  /// The mean gradient over `samples` points, summed in Double in their order.
  private func meanGradient(
    of label: Int, on oracle: any GradientOracle, _ point: (Int) -> Tensor
  ) throws(ThreatError) -> Tensor {
    var sums: [Double] = []
    var shape: Shape = []
    for first in stride(from: 0, to: samples, by: Self.batch) {
      let points = (first..<Swift.min(first + Self.batch, samples)).map(point)
      shape = points[0].shape
      let slopes = try oracle.logitGradient(of: label, at: Tensor.stacking(points, rowShape: shape))
      if sums.isEmpty { sums = Array(repeating: 0, count: shape.elementCount) }
      slopes.withElements { g in
        for index in g.indices { sums[index % sums.count] += Double(g[index]) }
      }
    }
    return Tensor(shape, sums.map { Float($0 / Double(samples)) })
  }

  private static func product(_ a: Tensor, _ b: Tensor, _ body: (Float, Float) -> Float) -> Tensor {
    Tensor(a.shape, zip(a.elements, b.elements).map { body($0.0, $0.1) })
  }
}

extension Saliency.Map {
  /// One number per pixel `[H, W]`: of signed methods the sum over the channels, of others the largest
  /// magnitude (Simonyan et al.).
  public func plane(of method: Saliency.Method) -> Tensor {
    let (channels, pixels) = (values.shape[0], values.shape[1] * values.shape[2])
    return Tensor([values.shape[1], values.shape[2]]) { destination in
      values.withElements { v in
        for pixel in 0..<pixels {
          let column = (0..<channels).map { v[$0 * pixels + pixel] }
          destination[pixel] =
            method.isSigned ? column.reduce(0, +) : column.reduce(0) { Swift.max($0, $1.magnitude) }
        }
      }
    }
  }
}
