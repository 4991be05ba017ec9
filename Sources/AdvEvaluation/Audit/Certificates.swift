import Foundation

/// Radii that were proved for images by name, as `advkit certify` writes them.
public struct Certificates: Sendable {
  private struct Document: Decodable {
    struct Image: Decodable {
      let id: String
      let label, `class`: Int?
      let radius: Double?
    }

    let results: [Image]
  }

  /// The L2 radius of every image that is certified for its own label.
  let radii: [(id: String, radius: Double)]

  /// The certificates of such a file; the error says what is wrong with it.
  public init(json: [UInt8], path: String) throws(EvaluationError) {
    do {
      let images = try JSONDecoder().decode(Document.self, from: Data(json)).results
      radii = images.compactMap { image in
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
