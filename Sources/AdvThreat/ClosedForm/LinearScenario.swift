import AdvTensor

/// A random linear model with a batch of images that it classifies as their labels say.
public struct LinearScenario: ClosedFormScenario {
  /// Where the images lie.
  public enum Place: String, CaseIterable, Sendable {
    /// In the middle of the box: small perturbations never meet its bounds.
    case inner
    /// With many pixels near the bounds, so that the box cuts the ball.
    case edge
    /// With every pixel at a bound: each can move one way only.
    case corner
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
    /// The values that a pixel may take: the model of the unit box, stretched.
    public var box: Box

    /// A setting.
    public init(
      seed: UInt64, batch: Int, imageShape: Shape, classes: Int = 2, place: Place, box: Box = .unit
    ) {
      self.seed = seed
      self.batch = batch
      self.imageShape = imageShape
      self.classes = classes
      self.place = place
      self.box = box
    }
  }

  /// The weights `[classes, elements]` and biases of the model.
  public let weights: Tensor
  /// One per class.
  public let bias: [Float]
  /// `[batch] + imageShape`, inside the box.
  public let images: Tensor
  /// The model's own predictions.
  public private(set) var labels: [Int]
  /// How it was made.
  public let setting: Setting

  /// Draws model and images from the setting's seed.
  public init(_ setting: Setting) throws(ThreatError) {
    var stream = RandomStream(seed: setting.seed, UInt64(setting.imageShape.elementCount))
    let model = LinearOracle(random: &stream, classes: setting.classes, imageShape: setting.imageShape)
    let shape = setting.imageShape.prepending(setting.batch)
    let box = setting.box
    images = Tensor(
      shape,
      (0..<shape.elementCount).map { _ in
        let pixel = Self.pixel(setting.place, &stream)
        return box == .unit ? pixel : box.clamp(box.lower + pixel * box.width)
      })
    // z = W (x − lower) / width + b: the logits of the unit box.
    weights =
      box == .unit
      ? model.weights : Tensor(model.weights.shape, model.weights.elements.map { $0 / box.width })
    bias = model.bias.indices.map { label in
      box == .unit
        ? model.bias[label]
        : model.bias[label] - model.weights.row(label).elements.reduce(0, +) * box.lower / box.width
    }
    self.setting = setting
    labels = []
    labels = try oracle.labels(images)
  }

  /// Two half-spaces, or more of their intersections.
  public static let surface = DecisionSurface.flat
  /// The shape of the images, their place and the seed.
  public var name: String { "\(setting.imageShape) \(setting.place.rawValue) seed \(setting.seed)" }
  /// The values that a pixel may take.
  public var box: Box { setting.box }
  /// The key of its random draws.
  public var seed: UInt64 { setting.seed }

  /// A fresh model of the scenario.
  public var oracle: LinearOracle {
    LinearOracle(weights: weights, bias: bias, imageShape: setting.imageShape, box: setting.box)
  }

  /// The smallest radius that breaks an image.
  public func minimalRadius(_ norm: Norm, image: Int) -> Double {
    oracle.minimalRadius(norm, image: images.row(image), label: labels[image], in: setting.box)
  }

  /// The scenarios that the closed-form laws are checked on: seeds × batches × shapes × places, each with a model
  /// and images of its own.
  public static func settings(
    seeds: Range<UInt64> = 0..<10, batches: [Int] = [1, 3, 8], classes: Int = 2,
    places: [Place] = [.inner, .edge], box: Box = .unit
  ) -> [Setting] {
    var result: [Setting] = []
    for seed in seeds {
      for batch in batches {
        for shape: Shape in [[8], [3, 5, 7], [1, 28, 17]] {
          for place in places {
            result.append(
              Setting(
                seed: seed + 1_000 * UInt64(batch), batch: batch, imageShape: shape, classes: classes,
                place: place, box: box))
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
    case .corner: return stream.sign() > 0 ? 0 : 1
    }
  }
}
