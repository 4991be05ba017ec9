import AdvTensor
import AdvThreat
import Foundation

/// A patch at a place of an image: turned, shrunk, and seen through a mask — T(P) and M of Brown et al. 2017.
///
/// Inside the patch every pixel is a bilinear sample of the square picture; outside nothing changes.
struct PatchPlacement {

  /// One pixel of the image and where the picture is sampled for it.
  struct Sample {
    let pixel: Int
    let taps: BilinearTaps
  }

  let samples: [Sample]

  /// A patch of `side` × `side` pixels at a random place, angle and scale.
  init(
    side: Int, in size: ImageSize, _ outline: Patch.Outline, degrees: Float, smallest: Float,
    _ stream: inout RandomStream
  ) {
    let top = stream.integer(below: size.height - side + 1)
    let left = stream.integer(below: size.width - side + 1)
    let angle = Double(stream.uniform(-degrees, degrees)) * .pi / 180
    let scale = stream.uniform(Swift.min(smallest, 1), 1)
    let (sine, cosine) = (Float(sin(angle)), Float(cos(angle)))
    let (middle, reach) = (Float(side - 1) / 2, Float(side) / 2)
    let picture = ImageSize([1, side, side])
    var samples: [Sample] = []
    for place in 0..<side * side {
      let (y, x) = (Float(place / side) - middle, Float(place % side) - middle)
      let row = (sine * x + cosine * y) / scale
      let column = (cosine * x - sine * y) / scale
      let isInside =
        switch outline {
        case .circle: row * row + column * column <= reach * reach
        case .square: row.magnitude <= reach && column.magnitude <= reach
        }
      guard isInside else { continue }
      let taps = BilinearTaps(row: row + middle, column: column + middle, picture, beyond: .edge)
      let pixel = (top + place / side) * size.width + left + place % side
      samples.append(Sample(pixel: pixel, taps: taps))
    }
    self.samples = samples
  }

  /// Puts a picture `[C, side, side]` onto one row of images.
  func paint(_ picture: [Float], _ side: Int, onto images: inout Tensor, row: Int, _ size: ImageSize) {
    for channel in 0..<size.channels {
      for sample in samples {
        images[row * size.count + channel * size.pixelCount + sample.pixel] =
          sample.taps.value(picture, from: channel * side * side)
      }
    }
  }

  /// Carries the slope at one row of images back to the picture.
  // forward: image = Σ weight · picture    so: dpicture += weight · dimage at every tap.
  func collect(_ slope: Tensor, row: Int, _ side: Int, into sum: inout [Double], _ size: ImageSize) {
    for channel in 0..<size.channels {
      for sample in samples {
        let value = slope[row * size.count + channel * size.pixelCount + sample.pixel]
        for tap in 0..<4 {
          sum[channel * side * side + sample.taps.places[tap]] += Double(sample.taps.weights[tap] * value)
        }
      }
    }
  }
}
