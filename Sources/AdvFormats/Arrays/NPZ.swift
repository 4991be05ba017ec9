import AdvTensor

/// NumPy's archive of named arrays: a zip file of NPY files, stored or deflated.
public enum NPZ {
  /// The most bytes that the entries of an archive may inflate to in all: 4 GiB.
  public static let inflatedLimit = 4 << 30

  /// Reads the arrays of a file by name, in the file's order.
  public static func readArrays(_ path: String) throws(FormatError) -> [(name: String, array: RawArray)] {
    try arrays(try ZipArchive(try FileBytes.read(path), path: path))
  }

  /// Reads the arrays of a file as floats.
  public static func read(_ path: String) throws(FormatError) -> TensorArchive {
    archive(try readArrays(path))
  }

  static func archive(_ arrays: [(name: String, array: RawArray)]) -> TensorArchive {
    TensorArchive(
      arrays.map {
        TensorArchive.Entry(name: $0.name, tensor: $0.array.tensor(), storedType: $0.array.elementType)
      })
  }

  static func arrays(_ zip: ZipArchive) throws(FormatError) -> [(name: String, array: RawArray)] {
    let total = zip.entries.reduce(0) { $0 + $1.count }  // each below 2³²
    guard total <= inflatedLimit else {
      throw FormatError(
        .tooLarge, path: zip.path, "the archive inflates to too much", got: "\(total) bytes",
        expected: "at most \(inflatedLimit)")
    }
    var arrays: [(name: String, array: RawArray)] = []
    for entry in zip.entries {
      guard entry.name.hasSuffix(".npy") else {
        throw FormatError(
          .mismatched, path: zip.path, "the zip file is not an NPZ archive", got: entry.name,
          expected: "entries that end in .npy")
      }
      let name = String(entry.name.dropLast(4))
      arrays.append((name, try NPY.decode(try zip.contents(of: entry), named: "\(zip.path):\(name)")))
    }
    return arrays
  }
}
