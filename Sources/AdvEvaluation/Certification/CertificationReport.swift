import Foundation

/// What a certification found: certified accuracy over the radius, and every image.
public struct CertificationReport: Sendable, Encodable {
  private struct Point: Encodable {
    let radius: Double
    let accuracy: GridDocument.Rate

    enum CodingKeys: String, CodingKey {
      case radius
      case accuracy = "certified_accuracy"
    }
  }

  private struct Image: Encodable {
    let id: String
    let label: Int?
    let certified: Int?
    let radius, lowerBound: Double?
    let hits: Int?
    let refused: Bool

    enum CodingKeys: String, CodingKey {
      case id, label, radius, hits, refused
      case certified = "class"
      case lowerBound = "lower_bound"
    }
  }

  private let schema = 1
  private let advkit = Version.current
  private let command: [String]
  private let model: AttackManifest.ModelFacts
  private let data: String
  private let sigma: Float
  private let n0, n: Int
  private let alpha: Double
  private let seed: UInt64
  private let largestRadius: Double
  private let images: Int
  private let abstained, refused, errors: Int
  private let curve: [Point]
  private let results: [Image]

  enum CodingKeys: String, CodingKey {
    case schema, advkit, command, model, data, sigma, n0, n, alpha, seed, images, abstained, refused,
      errors, curve, results
    case largestRadius = "largest_radius"
  }

  /// The report of a run's results at these radii.
  public init(
    _ results: [CertificationRun.Result], of run: CertificationRun, model: AttackManifest.ModelFacts,
    radii: [Double], command: [String]
  ) {
    (self.command, self.model, data) = (command, model, run.source.dataset.name)
    let procedure = run.procedure
    (sigma, n0, n) = (procedure.sigma, procedure.selection, procedure.samples)
    (alpha, seed, largestRadius) = (procedure.alpha, procedure.seed, procedure.largestRadius)
    images = results.count
    abstained = results.count { $0.certificate.map { $0.label == nil && !$0.isRefused } ?? false }
    refused = results.count { $0.certificate?.isRefused ?? false }
    errors = results.count { $0.certificate == nil }
    curve = radii.map { radius in
      Point(radius: radius, accuracy: .init(results.count { $0.holds(at: radius) }, of: results.count))
    }
    self.results = results.map { result in
      Image(
        id: result.id, label: result.label, certified: result.certificate?.label,
        radius: result.certificate?.radius, lowerBound: result.certificate?.lowerBound,
        hits: result.certificate?.hits, refused: result.certificate?.isRefused ?? false)
    }
  }

  /// The text of the JSON document.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self)) + [0x0A]
  }

  /// Certified accuracy over the radius.
  public var table: [[String]] {
    [["L2 radius", "certified accuracy"]]
      + curve.map { [String(format: "%.4g", $0.radius), GridWords.text(of: $0.accuracy)] }
  }

  /// What the figures mean.
  public var sentences: [String] {
    [
      String(
        format:
          "%d images, sigma %.4g, %d + %d draws each, alpha %.4g: %d abstentions, %d refused, %d without an answer.",
        images, Double(sigma), n0, n, alpha, abstained, refused, errors),
      String(
        format:
          "A certificate is wrong with probability %.4g at most; no radius can exceed %.4g with %d draws.",
        alpha, largestRadius, n),
    ]
  }
}
