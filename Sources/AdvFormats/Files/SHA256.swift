import CCrypto

/// The SHA-256 digest (FIPS 180-4) by which weights and reports name a file's content.
public enum SHA256 {
  /// The digest of bytes as 64 lowercase hexadecimal digits. O(bytes).
  public static func hex(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let succeeded = adv_sha256(bytes, bytes.count, &digest)
    precondition(succeeded == 1, "libcrypto offers no SHA-256")
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// The digest of a file's content as 64 lowercase hexadecimal digits. O(size).
  public static func hex(ofFile path: String) throws(FormatError) -> String {
    hex(of: try FileBytes.read(path))
  }
}
