/// The binary version of CIFAR-10 and CIFAR-100: records of label bytes and 3072 pixels, as RGB planes.
public struct CIFARBinary: Sendable {
  /// Which of the two sets a file belongs to; they differ in the bytes before the pixels.
  public enum Layout: Sendable {
    /// One byte: the class.
    case cifar10
    /// Two bytes: the coarse class, then the fine class, which is the label.
    case cifar100

    /// Bytes before the pixels of a record.
    var labelBytes: Int {
      switch self {
      case .cifar10: 1
      case .cifar100: 2
      }
    }

    /// The number of classes.
    public var classCount: Int {
      switch self {
      case .cifar10: 10
      case .cifar100: 100
      }
    }
  }

  /// The levels of one image: 3 planes of 32 × 32.
  public static let imageBytes = 3072

  /// The class of each image; in CIFAR-100 the fine one.
  public let labels: [Int]
  /// The levels of all images, [N, 3, 32, 32] in row-major order.
  public let levels: [UInt8]

  /// The number of images.
  public var count: Int { labels.count }

  /// Reads a file of whole records.
  ///
  /// Throws `.truncated` where the last record is not whole or there is none, and `.malformed` for a label
  /// that is no class.
  public static func read(_ path: String, layout: Layout) throws(FormatError) -> CIFARBinary {
    try decode(try FileBytes.read(path), layout: layout, named: path)
  }

  /// Decodes the bytes of a file.
  public static func decode(
    _ bytes: [UInt8], layout: Layout, named name: String = "CIFAR data"
  ) throws(FormatError) -> CIFARBinary {
    let record = layout.labelBytes + imageBytes
    guard !bytes.isEmpty, bytes.count % record == 0 else {
      throw FormatError(
        .truncated, path: name, "the CIFAR file is not made of whole records",
        got: "\(bytes.count) bytes", expected: "a multiple of \(record)")
    }
    var labels: [Int] = []
    var levels: [UInt8] = []
    levels.reserveCapacity(bytes.count / record * imageBytes)
    for start in stride(from: 0, to: bytes.count, by: record) {
      let pixels = start + layout.labelBytes
      let label = Int(bytes[pixels - 1])
      guard label < layout.classCount else {
        throw FormatError(
          .malformed, path: name, "record \(labels.count) has a label that is no class", got: "\(label)",
          expected: "below \(layout.classCount)")
      }
      labels.append(label)
      levels.append(contentsOf: bytes[pixels..<pixels + imageBytes])
    }
    return CIFARBinary(labels: labels, levels: levels)
  }
}
