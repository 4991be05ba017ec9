#if canImport(Glibc)
  import Glibc
#endif

/// The files beside an ONNX model that hold tensors too large for it.
///
/// A name must lead to a plain file inside the model's folder, links resolved; and all tensors together may
/// take no more bytes from a file than it has, so that a small file cannot ask for much memory.
struct ONNXExternalFiles {
  private let folder: String?
  private let path: String
  private var files: [String: (bytes: [UInt8], taken: Int)] = [:]

  /// Files in `folder`; `path` is the model's, for messages.
  init(folder: String?, path: String) { (self.folder, self.path) = (folder, path) }

  /// The bytes of an external tensor, of which there must be `count`.
  mutating func bytes(of tensor: ONNXTensor, count: Int) throws(FormatError) -> [UInt8] {
    guard let location = tensor.external["location"] else { throw refusal(tensor, "without a location") }
    let offset = try number(tensor, "offset") ?? 0
    guard try number(tensor, "length") ?? count == count else {
      throw refusal(tensor, "\(tensor.external["length"] ?? "") bytes long, expected \(count)")
    }
    if files[location] == nil { files[location] = (try read(location, tensor), 0) }
    guard case (let bytes, var taken)? = files[location] else { throw refusal(tensor, "'\(location)'") }
    guard offset <= bytes.count, count <= bytes.count - offset else {
      throw refusal(tensor, "at byte \(offset) of '\(location)', which has \(bytes.count)")
    }
    taken += count
    guard taken <= bytes.count else { throw refusal(tensor, "a part of '\(location)' that others hold, too") }
    files[location] = (bytes, taken)
    return Array(bytes[offset..<offset + count])
  }

  private func number(_ tensor: ONNXTensor, _ key: String) throws(FormatError) -> Int? {
    guard let text = tensor.external[key], !text.isEmpty else { return nil }
    guard let number = Int(text), number >= 0 else { throw refusal(tensor, "with \(key) '\(text)'") }
    return number
  }

  private func read(_ location: String, _ tensor: ONNXTensor) throws(FormatError) -> [UInt8] {
    guard let folder else { throw refusal(tensor, "'\(location)', but the model came without a folder") }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.isEmpty || $0 == ".." || $0.utf8.contains(0) }) else {
      throw refusal(tensor, "'\(location)', expected a name inside the model's folder")
    }
    let path = "\(folder)/\(location)"
    guard let home = Self.resolved(folder), let target = Self.resolved(path) else {
      return try FileBytes.read(path)  // its error says what is wrong
    }
    guard target.hasPrefix(home == "/" ? home : home + "/") else {
      throw refusal(tensor, "'\(location)', a link that leaves the model's folder")
    }
    return try FileBytes.read(target)
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private func refusal(_ tensor: ONNXTensor, _ got: String) -> FormatError {
    FormatError(
      .refused, path: path, "the external data of tensor '\(tensor.name)' cannot be used", got: got,
      remedy: "Keep the data file beside the model, or export the model in one file.")
  }
}
