import AdvFormats
import CWeights

/// The checkpoints that are part of the program, by the names of the built-in models.
enum EmbeddedWeights {
  /// The names, in the table's order.
  static var names: [String] {
    (0..<adv_embedded_count()).map { String(cString: adv_embedded_at($0).pointee.name) }
  }

  /// The card of a built-in model, nil for another name.
  static func card(named name: String) throws(ModelError) -> ModelCard? {
    guard let entry = entry(named: name) else { return nil }
    let json = [UInt8](UnsafeBufferPointer(start: entry.card, count: entry.card_length))
    return try ModelCard(json: json, path: "built-in card of '\(name)'")
  }

  /// The weights of a built-in model and their digest, nil for another name.
  static func weights(named name: String) throws(ModelError) -> (archive: TensorArchive, sha256: String)? {
    guard let entry = entry(named: name) else { return nil }
    let bytes = [UInt8](UnsafeBufferPointer(start: entry.weights, count: entry.weights_length))
    do throws(FormatError) {
      let archive = try Safetensors.decode(bytes, named: "built-in weights of '\(name)'")
      return (archive, SHA256.hex(of: bytes))
    } catch {
      throw .file(error)
    }
  }

  private static func entry(named name: String) -> adv_embedded_model? {
    for index in 0..<adv_embedded_count() {
      let entry = adv_embedded_at(index).pointee
      if String(cString: entry.name) == name { return entry }
    }
    return nil
  }
}
