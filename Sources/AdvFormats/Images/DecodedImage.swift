/// The limits that hold before a decoder allocates anything.
public enum ImageLimits {
  /// The longest side of an image, in pixels.
  public static let side = 32_768
  /// The most pixels of an image: 64 Mi.
  public static let pixels = 1 << 26
}

/// The image formats that are read.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// Portable Network Graphics.
  case png = "PNG"
  /// JPEG with 8-bit samples, baseline or progressive.
  case jpeg = "JPEG"

  /// The format that the first bytes of a file name, or nil.
  public init?(magicOf bytes: [UInt8]) {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = .png
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      return nil
    }
  }

  /// The format that a file's extension names, or nil.
  public init?(extensionOf path: String) {
    switch fileExtension(path) {
    case "png": self = .png
    case "jpg", "jpeg", "jpe", "jfif": self = .jpeg
    default: return nil
    }
  }
}

/// The lower-case extension of a path without its dot; empty if it has none.
func fileExtension(_ path: String) -> String {
  let name = path.split(separator: "/").last ?? ""
  guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
  return name[name.index(after: dot)...].lowercased()
}

/// A change of the stored samples on the way to 8-bit grey or RGB that loses something.
public enum ImageConversion: Hashable, Sendable, CustomStringConvertible {
  /// Pixels that are not opaque were blended with a grey level as background.
  case compositedOnBackground(UInt8)
  /// 16-bit samples were scaled to the nearest of 8 bits.
  case reducedFrom16Bits
  /// Ink amounts became RGB by R = (1 − C)(1 − K) and so on; no colour profile is applied.
  case convertedFromCMYK

  /// The conversion as a phrase for messages.
  public var description: String {
    switch self {
    case .compositedOnBackground(255): "transparent pixels were blended with white"
    case .compositedOnBackground(let level): "transparent pixels were blended with grey level \(level)"
    case .reducedFrom16Bits: "16-bit samples were reduced to 8 bits"
    case .convertedFromCMYK: "CMYK was converted to RGB"
    }
  }
}

/// What a decoder gives: the image, and what was lost on the way to it.
public struct DecodedImage: Sendable {
  /// The image in 8-bit grey or RGB.
  public let image: PixelImage
  /// The file's format.
  public let format: ImageFormat
  /// The lossy conversions, in the order in which they were made; empty for a faithful image.
  public let conversions: [ImageConversion]
}
