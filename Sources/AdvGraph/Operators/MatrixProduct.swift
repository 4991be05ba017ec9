import AdvTensor

/// factor · A B for each image and each position of the leading axes; A and B may be transposed first.
///
/// A is `[…, m, k]` and B `[…, k, n]` with the same leading axes; the result is `[…, m, n]`. A shared operand
/// meets every image of the other.
public struct MatrixProduct: Operator {
  /// The identifier in dumps.
  public static let name = "matrix-product"
  /// Whether A is given as `[…, k, m]`.
  public var transposesLeft: Bool
  /// Whether B is given as `[…, n, k]`.
  public var transposesRight: Bool
  /// What every element of the product is multiplied by.
  public var factor: Double

  /// A product of matrices.
  public init(transposesLeft: Bool = false, transposesRight: Bool = false, factor: Double = 1) {
    (self.transposesLeft, self.transposesRight) = (transposesLeft, transposesRight)
    self.factor = factor
  }

  /// Two stacks of matrices that fit.
  public func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType {
    try OperandError.require(operands, "A", "B")
    let (left, right) = (operands[0].shape, operands[1].shape)
    try OperandError.require(
      left.rank >= 2 && left.rank == right.rank,
      "A is \(operands[0]) and B is \(operands[1]), expected matrices under the same leading axes")
    let size = MatrixSizes(self, left, right)
    try OperandError.require(
      left.dimensions.dropLast(2) == right.dimensions.dropLast(2) && size.inner == size.innerOfRight,
      "A is \(operands[0])\(transposesLeft ? " transposed" : "") and B is \(operands[1])"
        + "\(transposesRight ? " transposed" : ""), expected as many columns of A as rows of B")
    let isShared = operands.allSatisfy { $0.multiplicity == .shared }
    return TensorType(
      Shape(Array(left.dimensions.dropLast(2)) + [size.rows, size.columns]), isShared ? .shared : .perImage)
  }

  /// O(elements of the result · k).
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    let size = MatrixSizes(self, operands[0].type.shape, operands[1].type.shape)
    var result = zeroResult(for: operands)
    let (images, factor) = (result.images, S(factor))
    let offsets = (0..<images).map { image in operands.map { $0.offset(ofImage: image) } }
    result.write(reading: operands[0], operands[1]) { product, left, right in
      for matrix in 0..<images * size.count {
        let place = matrix % max(size.count, 1)
        let a = offsets[matrix / size.count][0] + place * size.rows * size.inner
        let b = offsets[matrix / size.count][1] + place * size.inner * size.columns
        for row in 0..<size.rows {
          for column in 0..<size.columns {
            var sum: S = 0
            for k in 0..<size.inner {
              sum +=
                left[a &+ row &* size.leftRow &+ k &* size.leftColumn]
                * right[b &+ k &* size.rightRow &+ column &* size.rightColumn]
            }
            product[(matrix &* size.rows &+ row) &* size.columns &+ column] = factor * sum
          }
        }
      }
    }
    return result
  }

  // forward: C = f A B    so: dA = f dC Bᵀ, dB = f Aᵀ dC, and their transposes for operands given transposed.
  /// A matrix product, summed over the images for a shared operand.
  public func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? {
    let (left, right) = (site.operands[0], site.operands[1])
    let gradient: Value
    switch (operand, transposesLeft, transposesRight) {
    case (0, false, _): gradient = cotangent.apply(with(false, !transposesRight), right)
    case (0, true, _): gradient = right.apply(with(transposesRight, true), cotangent, path: cotangent.path)
    case (_, _, false): gradient = left.apply(with(!transposesLeft, false), cotangent, path: cotangent.path)
    case (_, _, true): gradient = cotangent.apply(with(true, transposesLeft), left)
    }
    return gradient.collected(for: site.operands[operand])
  }

  private func with(_ left: Bool, _ right: Bool) -> MatrixProduct {
    MatrixProduct(transposesLeft: left, transposesRight: right, factor: factor)
  }
}

/// The extents of a product of matrices, and how far apart the elements of its operands lie.
public struct MatrixSizes: Sendable {
  /// The number of products for each image.
  public let count: Int
  /// The rows of the result.
  public let rows: Int
  /// The columns of A.
  public let inner: Int
  /// The columns of the result.
  public let columns: Int
  let innerOfRight: Int
  /// From one row of A to the next.
  public var leftRow: Int { transposesLeft ? 1 : inner }
  /// From one column of A to the next.
  public var leftColumn: Int { transposesLeft ? rows : 1 }
  /// From one row of B to the next.
  public var rightRow: Int { transposesRight ? 1 : columns }
  /// From one column of B to the next.
  public var rightColumn: Int { transposesRight ? inner : 1 }
  private let transposesLeft: Bool
  private let transposesRight: Bool

  /// The sizes of a product of operands of these shapes.
  public init(_ product: MatrixProduct, _ left: Shape, _ right: Shape) {
    let (a, b) = (left.dimensions.suffix(2), right.dimensions.suffix(2))
    let (height, width) = (a[a.startIndex], a[a.startIndex + 1])
    (transposesLeft, transposesRight) = (product.transposesLeft, product.transposesRight)
    (rows, inner) = transposesLeft ? (width, height) : (height, width)
    columns = b[transposesRight ? b.startIndex : b.startIndex + 1]
    innerOfRight = b[transposesRight ? b.startIndex + 1 : b.startIndex]
    count = left.dimensions.dropLast(2).reduce(1, *)
  }
}
