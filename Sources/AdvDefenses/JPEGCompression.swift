import AdvFormats
import AdvTensor
import AdvThreat

/// Compression as a JPEG file and back — Dziugaite et al. 2016, arXiv:1608.00853; Guo et al. 2017, arXiv:1711.00117.
///
/// libjpeg-turbo itself compresses, colours subsampled as by default (4:2:0). It takes 8-bit pixels, so what it
/// is given is rounded to the nearest level first.
public struct JPEGCompression: FixedFilter, StraightThrough {
  /// What it is.
  public static let card = DefenseCard(
    "jpeg", "JPEG compression", paper: "arXiv:1608.00853", rule: "x <- decode(encode(round(x)))",
    gradient: .straightThrough)

  /// libjpeg's quality.
  public var quality = 75

  /// libjpeg's usual quality.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<JPEGCompression>] = [
    .int("quality", \.quality, in: 1...100, "libjpeg's quality.")
  ]

  /// What a decoder makes of the file. Needs one or three channels.
  public func apply(to image: Planes, _ draws: RandomStream) throws(ThreatError) -> Planes {
    let size = image.size
    guard size.channels == 1 || size.channels == 3 else {
      throw .mismatch(
        what: "image for defence jpeg", got: "\(size.channels) channels", expected: "1 (grey) or 3 (RGB)")
    }
    let inside = image.values.map { $0.isFinite ? Box.unit.clamp($0) : 0 }
    do throws(FormatError) {
      let pixels = try PixelImage(
        Tensor([size.channels, size.height, size.width], inside), rounding: .nearest, named: "image")
      let decoded = try JPEG.decode(try JPEG.encode(pixels, quality: quality), named: "compressed image")
      return Planes(size, decoded.image.tensor().elements)
    } catch {
      throw .oracleFailed(error.description)
    }
  }
}
