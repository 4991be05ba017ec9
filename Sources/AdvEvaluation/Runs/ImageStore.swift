import AdvFormats

/// Where a batch puts its adversarial images, and whence it takes them back for the verdict.
protocol ImageStore {
  /// Encodes the image as a PNG under this name and returns what decoding those bytes gives.
  ///
  /// Throws where the two differ: a verdict must not rest on pixels that the bytes do not hold.
  func roundTrip(_ image: PixelImage, name: String) throws -> PixelImage
}

extension OutputFolder.Staging: ImageStore {
  /// Through a file in the folder.
  func roundTrip(_ image: PixelImage, name: String) throws -> PixelImage {
    try write(try PNG.encode(image), to: name)
    let read = try PNG.read(path(of: name)).image
    guard read == image else { throw EvaluationError.readBack(path: path(of: name)) }
    return read
  }
}

/// The images of one batch, kept until the batch is recorded.
///
/// A grid judges thousands of images for each one that somebody will look at. They go through the same PNG
/// encoder and decoder as files do, but not over the disk: that would cost a file creation for each verdict and
/// could only show that the disk is broken.
final class BatchImages: ImageStore {
  /// The last image under each name, as decoded.
  private(set) var images: [String: PixelImage] = [:]

  /// Through bytes in memory.
  func roundTrip(_ image: PixelImage, name: String) throws -> PixelImage {
    let read = try PNG.decode(try PNG.encode(image), named: name).image
    guard read == image else { throw EvaluationError.readBack(path: name) }
    images[name] = read
    return read
  }
}
