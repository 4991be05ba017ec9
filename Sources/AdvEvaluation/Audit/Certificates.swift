import Foundation

/// Radii that were proved for images by name, as `advkit certify` writes them.
public struct Certificates: Sendable {
  private struct Document: Decodable {
    struct Image: Decodable {
      let id: String
      let label, `class`: Int?
      let radius: Double?
    }

    struct Model: Decodable {
      let name, defense, digest: String?

      enum CodingKeys: String, CodingKey {
        case name, defense
        case digest = "weights_sha256"
      }
    }

    var origin: Origin? {
      guard let model, let name = model.name, let digest = model.digest, let data, let sigma else {
        return nil
      }
      return Origin(
        model: name, weightsSHA256: digest, data: data, defense: model.defense ?? "none", sigma: sigma)
    }

    let model: Model?
    let data: String?
    let sigma: Double?
    let results: [Image]
  }

  /// What the radii were proved for: the weights, the images, the defences in front of the model, and the noise.
  public struct Origin: Hashable, Sendable {
    /// The model's name; the digest of its weights.
    public let model, weightsSHA256: String
    /// The data set.
    public let data: String
    /// The defences below the smoothing, or none.
    public let defense: String
    /// The standard deviation of the smoothing's noise.
    public let sigma: Double
  }

  /// Nil where the file does not say it.
  public let origin: Origin?

  /// The L2 radius of every image that is certified for its own label.
  let radii: [(id: String, radius: Double)]

  /// The certificates of such a file; the error says what is wrong with it.
  public init(json: [UInt8], path: String) throws(EvaluationError) {
    do {
      let document = try JSONDecoder().decode(Document.self, from: Data(json))
      origin = document.origin
      radii = document.results.compactMap { image in
        guard let radius = image.radius, let label = image.label, label == image.class else { return nil }
        return (image.id, radius)
      }
    } catch {
      throw .plan(
        path: path, problem: "holds no certificates that this version reads",
        remedy: "Give the JSON document that `advkit certify --out` wrote.")
    }
  }
}

extension Ledger {
  /// Records what was proved about a subject's images.
  public func record(_ certificates: Certificates, subject: Int) throws {
    try with { database in
      try database.transaction { () throws(EvaluationError) in
        try database.run(
          "INSERT OR REPLACE INTO certificates VALUES(?, ?, ?)",
          certificates.radii.map { [.text($0.id), .int(subject), .real($0.radius)] })
      }
    }
  }

  /// The radii by subject and image name.
  func certified() throws -> [[String: Double]] {
    let subjects = plan.subjects.count
    return try with { database in
      var found = [[String: Double]](repeating: [:], count: subjects)
      try database.query("SELECT subject, id, radius FROM certificates") { row in
        found[row.int(0)][row.text(1) ?? ""] = row.real(2)
      }
      return found
    }
  }
}
