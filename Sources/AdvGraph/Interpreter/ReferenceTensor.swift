import AdvTensor
import Foundation

/// The scalars that the interpreter runs in: Float, and Double for gradient checks.
public protocol ReferenceScalar: BinaryFloatingPoint, Sendable {
  /// The exponential function.
  static func exponential(_ x: Self) -> Self
  /// The natural logarithm.
  static func logarithm(_ x: Self) -> Self
  /// The hyperbolic tangent.
  static func hyperbolicTangent(_ x: Self) -> Self
  /// The error function.
  static func errorFunction(_ x: Self) -> Self
}

extension Float: ReferenceScalar {
  /// The exponential function.
  public static func exponential(_ x: Float) -> Float { exp(x) }
  /// The natural logarithm.
  public static func logarithm(_ x: Float) -> Float { log(x) }
  /// The hyperbolic tangent.
  public static func hyperbolicTangent(_ x: Float) -> Float { tanh(x) }
  /// The error function.
  public static func errorFunction(_ x: Float) -> Float { erf(x) }
}

extension Double: ReferenceScalar {
  /// The exponential function.
  public static func exponential(_ x: Double) -> Double { exp(x) }
  /// The natural logarithm.
  public static func logarithm(_ x: Double) -> Double { log(x) }
  /// The hyperbolic tangent.
  public static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  /// The error function.
  public static func errorFunction(_ x: Double) -> Double { erf(x) }
}

/// A value during interpretation: plain row-major elements, `[images] + type.shape` where there is one for
/// each image, `type.shape` where it is shared.
public struct ReferenceTensor<S: ReferenceScalar>: Sendable {
  /// The static type.
  public let type: TensorType
  /// The number of images in the batch; 1 for shared values.
  public let images: Int
  /// All elements, row-major, image by image.
  public var elements: [S]

  /// A value of this type for a batch of `images`; shared values ignore `images`.
  public init(_ type: TensorType, images: Int, _ elements: [S]) {
    self.type = type
    self.images = type.multiplicity == .shared ? 1 : images
    precondition(
      elements.count == self.images * type.shape.elementCount,
      "\(elements.count) elements for \(self.images) × \(type.shape)")
    self.elements = elements
  }

  /// Zeros of this type.
  public init(zeros type: TensorType, images: Int) {
    let count = (type.multiplicity == .shared ? 1 : images) * type.shape.elementCount
    self.init(type, images: images, [S](repeating: 0, count: count))
  }

  /// The elements of a tensor: `[n] + shape` for a value for each image, `shape` for a shared one.
  public init(_ tensor: Tensor, _ multiplicity: Multiplicity = .perImage) {
    let shape = multiplicity == .perImage ? tensor.shape.droppingFirst() : tensor.shape
    let images = multiplicity == .perImage ? tensor.rowCount : 1
    self.init(TensorType(shape, multiplicity), images: images, tensor.elements.map { S($0) })
  }

  /// The value in single precision, with the batch axis in front where there is one for each image.
  public var tensor: Tensor {
    let shape = type.multiplicity == .perImage ? type.shape.prepending(images) : type.shape
    return Tensor(shape, elements.map { Float($0) })
  }

  /// The number of elements of one image.
  public var stride: Int { type.shape.elementCount }

  /// The position of the first element of an image; a shared value stands at 0 for every image.
  public func offset(ofImage image: Int) -> Int { type.multiplicity == .shared ? 0 : image * stride }

  /// The same value with `transform` applied to each element.
  public func map(_ transform: (S) -> S) -> ReferenceTensor {
    ReferenceTensor(type, images: images, elements.map(transform))
  }
}
