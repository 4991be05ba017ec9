import AdvTensor

/// Two classes separated by an ellipsoid: z = [0, Σ aᵢ (xᵢ − cᵢ)² − r²], so class 0 inside and class 1 outside.
///
/// With all aᵢ = 1 it is a sphere, and the nearest adversarial point of an image inside is on the ray from the centre:
/// r − ‖x − c‖ away in L2. `QuadraticOptimum` knows the others. At the centre the gradient is exactly zero.
public final class QuadraticOracle: GradientOracle {
  /// The images that it accepts.
  public let domain: InputDomain
  /// c `[C, H, W]`.
  public let center: Tensor
  /// r.
  public let radius: Float
  /// a, one positive number per element of an image.
  public let curvatures: [Float]
  private var points = Tensor([0])

  /// An ellipsoid around `center`; without curvatures a sphere.
  public init(center: Tensor, radius: Float, curvatures: [Float]? = nil, box: Box = .unit) {
    precondition(curvatures?.count ?? center.count == center.count, "a curvature for each element")
    precondition(curvatures?.allSatisfy { $0 > 0 } ?? true, "curvatures are positive")
    self.curvatures = curvatures ?? Array(repeating: 1, count: center.count)
    domain = InputDomain(imageShape: center.shape, box: box)
    self.center = center
    self.radius = radius
  }

  /// Inside and outside.
  public var classCount: Int { 2 }
  /// It answers always.
  public var rejectedClass: Int? { nil }

  /// The smallest L2 perturbation of an image `[C, H, W]` inside a sphere, where the box does not cut it.
  public func minimalRadius(image: Tensor) -> Double {
    let distance = Norm.l2.distances(
      image.reshaped(to: image.shape.prepending(1)), center.reshaped(to: center.shape.prepending(1)))
    return Double(radius) - distance[0]
  }

  /// 0 and how far the quadratic form is above r².
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    logits.resize(to: [images.rowCount, 2])
    for row in 0..<images.rowCount {
      let level = withRow(row, of: images) { x in
        x.indices.reduce(-Double(radius) * Double(radius)) { sum, index in
          let offset = Double(x[index]) - Double(center[index])
          return sum + Double(curvatures[index]) * offset * offset
        }
      }
      logits[2 * row] = 0
      logits[2 * row + 1] = Float(level)
    }
  }

  /// The logits; keeps the points.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
    points = images
  }

  /// 2 a (x − c) times the cotangent of the second logit.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    guard cotangent.shape == [points.rowCount, 2] else {
      throw .mismatch(what: "cotangent", got: "\(cotangent.shape)", expected: "[\(points.rowCount), 2]")
    }
    gradient.resize(to: points.shape)
    let stride = center.count
    for row in 0..<points.rowCount {
      for index in 0..<stride {
        let offset = points[row * stride + index] - center[index]
        gradient[row * stride + index] = 2 * curvatures[index] * offset * cotangent[2 * row + 1]
      }
    }
  }
}
