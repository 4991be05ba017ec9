import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

@Suite struct CertificationTests {
  @Test func `quantiles and probabilities of the normal distribution invert each other`() {
    for (p, x) in [(0.5, 0.0), (0.975, 1.959963984540054), (0.001, -3.090232306167813)] {
      #expect(abs(NormalDistribution.quantile(p) - x) < 1e-14)
    }
    for exponent in 1...300 {
      let p = pow(10, -Double(exponent))
      let back = NormalDistribution.probability(below: NormalDistribution.quantile(p))
      #expect(abs(back / p - 1) < 1e-10, "1e-\(exponent): \(back)")
    }
    #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
  }

  @Test func `if all of 100000 draws hit, the radius is 3.8115 σ at α = 0.001`() {
    var procedure = RandomizedCertification()
    (procedure.samples, procedure.sigma) = (100_000, 1)
    let (bound, radius) = procedure.radius(hits: 100_000)
    #expect(abs(bound - pow(0.001, 1e-5)) < 1e-12)
    #expect(abs(radius - 3.8115) < 5e-5)
    #expect(procedure.largestRadius == radius)
    procedure.sigma = 0.25
    #expect(abs(procedure.largestRadius - 0.95287) < 5e-5)
  }

  /// Two classes, z = (0, w · (x − x₀) + b): the smoothed class is the base's, and its exact radius is |b| / ‖w‖.
  private func linear(_ lead: Float, shape: Shape = [3, 4, 4]) -> (LinearOracle, Tensor, Double) {
    var stream = RandomStream(seed: 12)
    let w = (0..<shape.elementCount).map { _ in stream.normal() }
    let image = Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(0.2, 0.8) })
    let center = zip(w, image.elements).reduce(0) { $0 + $1.0 * $1.1 }
    let oracle = LinearOracle(
      weights: Tensor([2, w.count], w.map { _ in 0 } + w), bias: [0, lead - center], imageShape: shape)
    return (oracle, image, Double(lead.magnitude) / w.reduce(0) { $0 + Double($1 * $1) }.squareRoot())
  }

  @Test(arguments: [Float(1.5), -1.5, 0.7])
  func `on a linear model the radius is the distance, as far as the draws can tell`(_ lead: Float) throws {
    let (oracle, image, distance) = linear(lead)
    var procedure = RandomizedCertification()
    (procedure.sigma, procedure.samples) = (0.25, 20_000)
    let certificate = try procedure.certificate(of: image, id: 5, on: oracle)
    #expect(certificate.label == (lead > 0 ? 1 : 0))
    // The exact interval of the hits, carried to radii, holds the distance; the certificate is its lower end.
    let interval = Binomial.interval(
      hits: certificate.hits, trials: procedure.samples, confidence: 1 - 2 * procedure.alpha)
    let upper = Double(procedure.sigma) * NormalDistribution.quantile(interval.high)
    #expect(certificate.radius <= distance && distance <= upper, "\(certificate.radius) \(distance) \(upper)")
    #expect(certificate.radius > 0.9 * distance)
  }

  @Test func `a tie abstains`() throws {
    let (oracle, image, _) = linear(0)
    let certificate = try RandomizedCertification().certificate(of: image, id: 5, on: oracle)
    #expect(certificate.label == nil && certificate.radius == 0)
  }

  @Test func `draws belong to the image: neither batches nor other images change a certificate`() throws {
    let (oracle, image, _) = linear(0.4)
    var procedure = RandomizedCertification()
    procedure.samples = 300
    let certificates = try [1, 7, 64, 1000].map { batch in
      procedure.batch = batch
      return try procedure.certificate(of: image, id: 5, on: oracle)
    }
    #expect(Set(certificates).count == 1)
    #expect(try procedure.certificate(of: image, id: 6, on: oracle).hits != certificates[0].hits)
  }

  @Test func `no attack inside a certificate changes the smoothed class`() throws {
    let (oracle, image, distance) = linear(1)
    var procedure = RandomizedCertification()
    (procedure.samples, procedure.sigma) = (4_000, 0.2)
    let certificate = try procedure.certificate(of: image, id: 1, on: oracle)
    let normal = oracle.normal(raising: 0, against: 1)
    let length = normal.reduce(0) { $0 + $1 * $1 }.squareRoot()
    func moved(_ radius: Double) -> Tensor {
      Tensor(image.shape, zip(image.elements, normal).map { $0 + Float(radius * $1 / length) })
    }
    // The shortest way out is known: just inside the radius the smoothed class stays, beyond the distance it turns.
    #expect(try procedure.certificate(of: moved(0.8 * certificate.radius), id: 1, on: oracle).label != 0)
    #expect(try procedure.certificate(of: moved(1.5 * distance), id: 1, on: oracle).label == 0)
  }
}
