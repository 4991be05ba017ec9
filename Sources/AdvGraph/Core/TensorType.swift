import AdvTensor

/// How often a value exists when a graph runs on a batch of n images.
public enum Multiplicity: String, Hashable, Sendable {
  /// Once for every image: activations, logits, cotangents. Stored as `[n] + shape`.
  case perImage
  /// Once for the whole batch: weights, statistics, gradients of weights. Stored as `shape`.
  case shared
}

/// The static type of a value: its shape without the batch axis, and how often it exists.
///
/// The batch size is the one symbolic dimension of a graph and is never part of a type.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The extents for one image, or of the one shared tensor.
  public var shape: Shape
  /// Whether there is one such tensor for every image or one for all.
  public var multiplicity: Multiplicity

  /// A type of this shape, by default one tensor for each image.
  public init(_ shape: Shape, _ multiplicity: Multiplicity = .perImage) {
    self.shape = shape
    self.multiplicity = multiplicity
  }

  /// `n×[64, 56, 56]` for one tensor for each image, `[64, 3, 7, 7]` for a shared one.
  public var description: String { multiplicity == .perImage ? "n×\(shape)" : "\(shape)" }
}

/// Two extents of an image plane, as for kernels, strides and dilations.
public struct Size2D: Hashable, Sendable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// A rectangle.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// A square.
  public init(_ side: Int) { self.init(side, side) }

  /// `7×7`.
  public var description: String { "\(height)×\(width)" }
}

/// Rows and columns added around an image plane; each may differ, as ONNX's `SAME_UPPER` needs.
public struct Padding2D: Hashable, Sendable, CustomStringConvertible {
  /// Rows above the plane.
  public var top: Int
  /// Columns left of the plane.
  public var left: Int
  /// Rows below the plane.
  public var bottom: Int
  /// Columns right of the plane.
  public var right: Int

  /// Padding with four separate extents.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// The same padding above and below, and the same left and right.
  public init(_ height: Int, _ width: Int) {
    self.init(top: height, left: width, bottom: height, right: width)
  }

  /// The same padding on all sides.
  public init(_ all: Int) { self.init(all, all) }

  /// `1` on all sides alike, otherwise `(top, left, bottom, right)`.
  public var description: String {
    top == left && left == bottom && bottom == right ? "\(top)" : "(\(top), \(left), \(bottom), \(right))"
  }
}
