import AdvSettings
import AdvTensor
import COpenBLAS

/// Shifts all pixels along the principal components of the data's colours — Krizhevsky et al. 2012, section 4.1.
///
/// x + Σ αᵢ √λᵢ pᵢ with αᵢ ~ N(0, σ), pᵢ and λᵢ the eigenvectors and eigenvalues of the covariance of RGB. The
/// paper writes λᵢ; its authors' program and everyone since scale by the standard deviation √λᵢ.
public struct PCANoise: FittedAugmentation {
  /// The word on the command line.
  public static let name = "pca"
  /// One sentence for people.
  public static let summary = "Shift all pixels along the principal components of the data's colours."

  /// The deviation along a component, in units of the data's own.
  public var sigma: Float = 0.1
  /// √λᵢ pᵢ for each component i, one after the other; none before fitting.
  private(set) var components: [[Float]] = []

  /// The paper's tenth.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<PCANoise>] = [
    .float("sigma", \.sigma, in: 0...10, "The deviation along a component, in units of the data's own.")
  ]

  /// With the components of images `[3, height, width]`.
  public func fitted(to images: [Tensor]) throws(DataError) -> PCANoise {
    if let first = images.first(where: { $0.shape.rank != 3 || $0.shape[0] != 3 }) {
      throw .unsuitable(
        augmentation: Self.name, got: "\(first.shape)", expected: "colour images [3, height, width]")
    }
    var result = self
    result.components = Self.components(of: Self.covariance(of: images))
    return result
  }

  /// The shifted `image`, `[3, height, width]`, clipped to 0…1; unchanged before fitting.
  public func apply(to image: Tensor, _ draws: inout RandomStream) -> Tensor {
    var shift: [Float] = [0, 0, 0]
    for component in components {
      let amount = sigma * draws.normal()
      for channel in 0..<3 { shift[channel] += amount * component[channel] }
    }
    guard image.shape[0] == 3 else { return image }
    let plane = image.count / 3
    return image.withElements { source in
      Tensor(image.shape) { target in
        for index in source.indices {
          target[index] = min(max(source[index] + shift[index / plane], 0), 1)
        }
      }
    }
  }

  /// The covariance of RGB over all pixels, row-major 3 × 3, in Double.
  static func covariance(of images: [Tensor]) -> [Double] {
    var (count, sums, products) = (0.0, [0.0, 0, 0], [Double](repeating: 0, count: 9))
    for image in images {
      let plane = image.count / 3
      image.withElements { p in
        for index in 0..<plane {
          let rgb = (0..<3).map { Double(p[$0 * plane + index]) }
          count += 1
          for i in 0..<3 {
            sums[i] += rgb[i]
            for j in 0..<3 { products[3 * i + j] += rgb[i] * rgb[j] }
          }
        }
      }
    }
    let n = max(count, 1)
    return (0..<9).map { products[$0] / n - sums[$0 / 3] * sums[$0 % 3] / (n * n) }
  }

  /// √λᵢ pᵢ of a symmetric matrix by LAPACK's DSYEV; the first element of each that is not 0 is positive.
  static func components(of covariance: [Double]) -> [[Float]] {
    var (matrix, values, work) = (covariance, [0.0, 0, 0], [Double](repeating: 0, count: 64))
    var (job, half) = (CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")))
    var (order, leading, space, info): (Int32, Int32, Int32, Int32) = (3, 3, 64, 0)
    advk_dsyev(&job, &half, &order, &matrix, &leading, &values, &work, &space, &info)
    guard info == 0 else { return [] }  // no convergence: only with NaN, which pixels are not
    return (0..<3).map { i in
      let vector = Array(matrix[(3 * i)..<(3 * i + 3)])  // LAPACK's columns
      let sign = (vector.first { $0 != 0 } ?? 1) < 0 ? -1.0 : 1
      return vector.map { Float(sign * $0 * max(values[i], 0).squareRoot()) }
    }
  }
}
