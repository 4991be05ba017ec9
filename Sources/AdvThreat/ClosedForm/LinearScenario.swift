import AdvTensor

/// A random linear model with a batch of images that it classifies as their labels say.
public struct LinearScenario: Sendable {
  /// Where the images lie.
  public enum Place: String, CaseIterable, Sendable {
    /// In the middle of the box: small perturbations never meet its bounds.
    case inner
    /// With many pixels near the bounds, so that the box cuts the ball.
    case edge
  }

  /// What tells one scenario from another; also its name in messages.
  public struct Setting: Hashable, Sendable {
    /// Keys every random draw.
    public var seed: UInt64
    /// The number of images.
    public var batch: Int
    /// The shape of one image.
    public var imageShape: Shape
    /// The number of classes.
    public var classes: Int
    /// Where the images lie.
    public var place: Place

    /// A setting.
    public init(seed: UInt64, batch: Int, imageShape: Shape, classes: Int = 2, place: Place) {
      self.seed = seed
      self.batch = batch
      self.imageShape = imageShape
      self.classes = classes
      self.place = place
    }
  }

  /// The weights `[classes, elements]` and biases of the model.
  public let weights: Tensor
  /// One per class.
  public let bias: [Float]
  /// `[batch] + imageShape`, inside the box 0…1.
  public let images: Tensor
  /// The model's own predictions.
  public let labels: [Int]
  /// How it was made.
  public let setting: Setting

  /// Draws model and images from the setting's seed.
  public init(_ setting: Setting) throws(ThreatError) {
    var stream = RandomStream(seed: setting.seed, UInt64(setting.imageShape.elementCount))
    let model = LinearOracle(random: &stream, classes: setting.classes, imageShape: setting.imageShape)
    let shape = setting.imageShape.prepending(setting.batch)
    images = Tensor(
      shape, (0..<shape.elementCount).map { _ in Self.pixel(setting.place, &stream) })
    weights = model.weights
    bias = model.bias
    labels = try model.labels(images)
    self.setting = setting
  }

  /// A fresh model of the scenario.
  public var oracle: LinearOracle {
    LinearOracle(weights: weights, bias: bias, imageShape: setting.imageShape)
  }

  /// The smallest radius that breaks an image.
  public func minimalRadius(_ norm: Norm, image: Int) -> Double {
    oracle.minimalRadius(norm, image: images.row(image), label: labels[image], in: .unit)
  }

  /// The scenarios that the closed-form laws are checked on: seeds × batches × shapes × places.
  public static func settings(
    seeds: Range<UInt64> = 0..<10, batches: [Int] = [1, 3, 8], classes: Int = 2
  ) -> [Setting] {
    var result: [Setting] = []
    for seed in seeds {
      for batch in batches {
        for shape: Shape in [[8], [3, 5, 7], [1, 28, 17]] {
          for place in Place.allCases {
            result.append(
              Setting(seed: seed, batch: batch, imageShape: shape, classes: classes, place: place))
          }
        }
      }
    }
    return result
  }

  private static func pixel(_ place: Place, _ stream: inout RandomStream) -> Float {
    switch place {
    case .inner: return stream.uniform(0.4, 0.6)
    case .edge:
      let near = stream.uniform(0, 0.1)
      return stream.sign() > 0 ? near : 1 - near
    }
  }
}
