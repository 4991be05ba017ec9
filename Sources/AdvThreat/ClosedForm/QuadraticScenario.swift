import AdvTensor

/// A sphere or an ellipsoid with a batch of images on one side of it.
public struct QuadraticScenario: ClosedFormScenario {
  /// Where the images lie.
  public enum Side: String, CaseIterable, Sendable {
    /// The boundary bends around the image: along a chord it is further away than its tangent says.
    case inside
    /// The boundary bends away from the image.
    case outside
  }

  /// The surface.
  public enum Form: String, CaseIterable, Sendable {
    /// All curvatures are 1.
    case sphere
    /// Curvatures between 1/4 and 4.
    case ellipsoid
  }

  /// What tells one scenario from another; also its name in messages.
  public struct Setting: Hashable, Sendable {
    /// Keys every random draw.
    public var seed: UInt64
    /// The number of images.
    public var batch: Int
    /// The shape of one image.
    public var imageShape: Shape
    /// Where the images lie.
    public var side: Side
    /// The surface.
    public var form: Form
    /// How far the images are from the surface, measured in the norm √Σ a δ², at most.
    public var gap: Float

    /// A setting.
    public init(seed: UInt64, batch: Int, imageShape: Shape, side: Side, form: Form, gap: Float) {
      (self.seed, self.batch, self.imageShape) = (seed, batch, imageShape)
      (self.side, self.form, self.gap) = (side, form, gap)
    }
  }

  /// Spheres and ellipsoids.
  public static let surface = DecisionSurface.curved
  /// `[batch] + imageShape`, inside the box 0…1.
  public let images: Tensor
  /// 0 for images inside, 1 for images outside.
  public let labels: [Int]
  /// How it was made.
  public let setting: Setting
  /// A fresh model of the scenario.
  public var oracle: QuadraticOracle {
    QuadraticOracle(center: center, radius: radius, curvatures: curvatures)
  }
  /// The shape of the images, the surface, the side and the seed.
  public var name: String {
    "\(setting.imageShape) \(setting.side.rawValue) \(setting.form.rawValue) seed \(setting.seed)"
  }
  /// Pixels in 0…1.
  public var box: Box { .unit }
  /// The key of its random draws.
  public var seed: UInt64 { setting.seed }

  private let center: Tensor
  private let curvatures: [Float]
  private let radius: Float

  /// Draws surface and images from the setting's seed.
  ///
  /// The radius grows with the square root of the elements, so that no pixel is far from the middle of the box.
  public init(_ setting: Setting) {
    let count = setting.imageShape.elementCount
    var stream = RandomStream(seed: setting.seed, UInt64(count), 0x0DD)
    let radius = 0.25 + 0.087 * Float(count).squareRoot()
    let center = (0..<count).map { _ in stream.uniform(0.4, 0.6) }
    let curvatures = (0..<count).map { _ -> Float in
      let draw = stream.uniform(0.5, 2)
      return setting.form == .sphere ? 1 : draw * draw
    }
    var pixels: [Float] = []
    for _ in 0..<setting.batch {
      let offset = (0..<count).map { _ in stream.sign() * stream.uniform(0.5, 1) }
      let length = zip(curvatures, offset).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }.squareRoot()
      let gap = setting.gap * stream.uniform(0.5, 1)
      let wanted = setting.side == .inside ? radius - gap : radius + gap
      pixels += zip(center, offset).map { $0 + $1 * wanted / length }
    }
    images = Tensor(setting.imageShape.prepending(setting.batch), pixels)
    labels = Array(repeating: setting.side == .inside ? 0 : 1, count: setting.batch)
    self.center = Tensor(setting.imageShape, center)
    (self.curvatures, self.radius, self.setting) = (curvatures, radius, setting)
  }

  /// The optimum of an image, without a box.
  public func optimum(image: Int) -> QuadraticOptimum {
    QuadraticOptimum(
      curvatures: curvatures.map(Double.init),
      offset: zip(images.row(image).elements, center.elements).map { Double($0) - Double($1) },
      radius: Double(radius))
  }

  /// The smallest radius that breaks an image; for L1, L2 and L∞ the nearest point must be inside the box.
  public func minimalRadius(_ norm: Norm, image: Int) -> Double {
    let optimum = optimum(image: image)
    guard norm != .l0 else {
      return optimum.count(around: center.elements.map(Double.init), in: .unit).map(Double.init) ?? .infinity
    }
    let step = optimum.step(norm)
    let point = zip(images.row(image).elements, step).map { Double($0) + $1 }
    precondition(point.allSatisfy { 0...1 ~= $0 }, "\(name): the box cuts the nearest point")
    switch norm {
    case .linf: return step.reduce(0) { max($0, abs($1)) }
    case .l1: return step.reduce(0) { $0 + abs($1) }
    case .l2, .l0: return step.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }

  /// The scenarios that minimal-norm attacks are checked on: seeds × shapes × sides × forms.
  ///
  /// In L1 the optimum moves one element alone, which must not meet the box: the images are nearer to the surface.
  public static func settings(
    _ norm: Norm, seeds: Range<UInt64> = 0..<5, batch: Int = 3,
    shapes: [Shape] = [[8], [3, 5, 7], [1, 28, 17]],
    sides: [Side] = Side.allCases
  ) -> [Setting] {
    seeds.flatMap { seed in
      shapes.flatMap { shape in
        sides.flatMap { side in
          Form.allCases.map { form in
            Setting(
              seed: seed, batch: batch, imageShape: shape, side: side, form: form,
              gap: norm == .l1 ? 0.02 : 0.2)
          }
        }
      }
    }
  }
}
