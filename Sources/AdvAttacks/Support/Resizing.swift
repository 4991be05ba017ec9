import AdvTensor
import AdvThreat

/// A random shrinking of an image onto black, or nothing: a linear map from pixels to pixels.
struct Resizing {
  /// For every element of the result the element that it copies; nil for black.
  private let sources: [Int?]

  /// With `probability`, a draw of size and place; else the image as it is.
  init(_ size: ImageSize, probability: Float, shrinkage: Float, _ stream: inout RandomStream) {
    guard stream.uniform() < probability else {
      sources = (0..<size.count).map { $0 }
      return
    }
    let scale = stream.uniform(shrinkage, 1)
    let height = Swift.max(Int(scale * Float(size.height)), 1)
    let width = Swift.max(Int(scale * Float(size.width)), 1)
    let top = stream.integer(below: size.height - height + 1)
    let left = stream.integer(below: size.width - width + 1)
    var sources = [Int?](repeating: nil, count: size.count)
    for channel in 0..<size.channels {
      for row in 0..<height {
        for column in 0..<width {
          sources[size.offset(channel, top + row, left + column)] = size.offset(
            channel, row * size.height / height, column * size.width / width)
        }
      }
    }
    self.sources = sources
  }

  /// The resized image.
  func apply(_ image: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    for index in sources.indices { result[index] = sources[index].map { image[$0] } ?? 0 }
  }

  /// Adds what a cotangent of the resized image is worth for the image.
  func applyTransposed(_ cotangent: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>) {
    // forward: result[i] = image[source i]    so: dimage[source i] += dresult[i]
    for index in sources.indices {
      if let source = sources[index] { sum[source] += cotangent[index] }
    }
  }
}
