import AdvTensor

/// The values that a pixel may take; both ends belong to it.
public struct Box: Hashable, Sendable {
  /// The smallest pixel value.
  public let lower: Float
  /// The largest pixel value.
  public let upper: Float

  /// The box `lower…upper`; the bounds must be finite and in order.
  public init(lower: Float, upper: Float) {
    precondition(lower.isFinite && upper.isFinite && lower < upper, "box \(lower)…\(upper)")
    self.lower = lower
    self.upper = upper
  }

  /// Pixels in 0…1, the box of every image file.
  public static let unit = Box(lower: 0, upper: 1)

  /// The distance between the bounds.
  public var width: Float { upper - lower }

  /// The nearest value inside.
  @inlinable public func clamp(_ value: Float) -> Float {
    value < lower ? lower : (value > upper ? upper : value)
  }

  /// Whether a value lies inside; NaN does not.
  @inlinable public func contains(_ value: Float) -> Bool { value >= lower && value <= upper }
}

/// The images that an oracle accepts.
public struct InputDomain: Hashable, Sendable {
  /// The shape of one image, `[C, H, W]`; nil where the model takes any size.
  public let imageShape: Shape?
  /// The values that a pixel may take.
  public let box: Box

  /// Images of one shape (nil: any) with pixels in a box.
  public init(imageShape: Shape?, box: Box = .unit) {
    self.imageShape = imageShape
    self.box = box
  }

  /// Throws unless `images` is a batch `[n, …]` of this domain's image shape.
  public func check(_ images: Tensor) throws(ThreatError) {
    guard images.shape.rank >= 1 else {
      throw .mismatch(what: "images", got: "shape \(images.shape)", expected: "a batch [n, C, H, W]")
    }
    guard let imageShape, !images.shape.isBatch(of: imageShape) else { return }
    throw .mismatch(
      what: "images", got: "shape \(images.shape.droppingFirst()) per image", expected: "\(imageShape)")
  }
}
