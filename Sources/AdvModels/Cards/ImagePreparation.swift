import AdvTensor
import Foundation

extension Model {
  /// The picture in the form that the model takes: grey repeated in three channels where it wants colours, and,
  /// where the card says so, scaled and cropped as torchvision does for photographs.
  ///
  /// `image` is [C,H,W] with pixels in 0…1; so is the result, [C,H,W] of `inputShape`, and where it was scaled it
  /// lies on the 8-bit lattice. A size or channel count that the model cannot take is an error.
  public func prepare(_ image: Tensor, named name: String = "the image") throws(ModelError) -> Tensor {
    if image.shape == inputShape { return image }
    guard image.shape.rank == 3, inputShape.rank == 3 else { throw mismatch(image.shape, name) }
    var picture = image
    if image.shape[0] == 1 && inputShape[0] == 3 {
      let colours = Tensor.stacking([image, image, image], rowShape: image.shape)
      picture = colours.reshaped(to: [3, image.shape[1], image.shape[2]])
    }
    guard picture.shape[0] == inputShape[0] else { throw mismatch(image.shape, name) }
    if picture.shape == inputShape { return picture }
    guard let crop = card.crop, inputShape[1] == crop, inputShape[2] == crop else {
      throw mismatch(image.shape, name)
    }
    if let side = card.resize { picture = picture.scaled(shorterSideTo: side) }
    guard picture.shape[1] >= crop && picture.shape[2] >= crop else { throw mismatch(image.shape, name) }
    return picture.centreCropped(crop)
  }

  private func mismatch(_ shape: Shape, _ name: String) -> ModelError {
    .images(
      "\(name) has shape \(shape), model '\(self.name)' takes \(inputShape).\n  "
        + (shape.rank == 3 && inputShape.rank == 3 && shape[0] == inputShape[0]
          ? "Give images of that size, or have them scaled with --resize and --crop."
          : "Give images with that many channels."))
  }
}

extension Tensor {
  /// This picture [C,H,W] scaled so that its shorter side has `side` pixels, rounded to 8 bits: a triangle
  /// filter as wide as the shrinkage, columns first and rows then, as Pillow's bilinear filter. O(pixels · ratio).
  func scaled(shorterSideTo side: Int) -> Tensor {
    let (height, width) = (shape[1], shape[2])
    let shorter = Swift.min(height, width)
    if shorter == side { return self }
    // torchvision truncates the longer side.
    let target = (height: height * side / shorter, width: width * side / shorter)
    let wide = resampled(along: 2, to: target.width)
    return wide.resampled(along: 1, to: target.height)
  }

  /// The square of this side from the centre of a picture [C,H,W].
  func centreCropped(_ side: Int) -> Tensor {
    // torchvision rounds half to even, as Python does.
    let top = Int((Double(shape[1] - side) / 2).rounded(.toNearestOrEven))
    let left = Int((Double(shape[2] - side) / 2).rounded(.toNearestOrEven))
    let (height, width) = (shape[1], shape[2])
    return Tensor([shape[0], side, side]) { destination in
      withElements { source in
        var position = 0
        for channel in 0..<shape[0] {
          for row in top..<top + side {
            for column in left..<left + side {
              destination[position] = source[(channel * height + row) * width + column]
              position += 1
            }
          }
        }
      }
    }
  }

  private func resampled(along axis: Int, to extent: Int) -> Tensor {
    let taps = TriangleFilter.taps(from: shape[axis], to: extent)
    var extents = shape.dimensions
    extents[axis] = extent
    let inner = axis == 2 ? 1 : shape[2]
    let outer = count / (shape[axis] * inner)
    let length = shape[axis]
    return Tensor(Shape(extents)) { destination in
      withElements { source in
        for block in 0..<outer {
          for (index, tap) in taps.enumerated() {
            for lane in 0..<inner {
              var sum = 0.0
              for (offset, weight) in tap.weights.enumerated() {
                sum += weight * Double(source[(block * length + tap.start + offset) * inner + lane])
              }
              destination[(block * extent + index) * inner + lane] = Self.onLattice(sum)
            }
          }
        }
      }
    }
  }

  /// The nearest value that 8 bits can hold.
  private static func onLattice(_ value: Double) -> Float {
    Float(Swift.min(255, Swift.max(0, (value * 255).rounded()))) / 255
  }
}

/// The weights by which output pixels of a scaling average input pixels.
enum TriangleFilter {
  /// One output pixel: the first input pixel, and the weights from there on, which sum to 1.
  struct Tap {
    let start: Int
    let weights: [Double]
  }

  /// The taps for a scaling from `length` to `extent` pixels.
  static func taps(from length: Int, to extent: Int) -> [Tap] {
    let ratio = Double(length) / Double(extent)
    let support = Swift.max(ratio, 1)
    return (0..<extent).map { index in
      let centre = (Double(index) + 0.5) * ratio
      let start = Swift.max(0, Int(centre - support + 0.5))
      let end = Swift.min(length, Int(centre + support + 0.5))
      let raw = (start..<end).map { Swift.max(0, 1 - abs((Double($0) + 0.5 - centre) / support)) }
      let total = raw.reduce(0, +)
      return Tap(start: start, weights: raw.map { $0 / total })
    }
  }
}
