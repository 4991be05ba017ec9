import AdvData
import AdvRuntime
import AdvTensor

/// All images of a labelled data set, decoded once and held as bytes: an epoch reads them many times.
struct TrainingImages: AugmentationSource {
  let shape: Shape
  let labels: [Int]
  private let levels: [UInt8]  // 0…255, image by image

  var count: Int { labels.count }

  func label(_ index: Int) -> Int { labels[index] }

  /// Decodes every image on the threads of `pool`; images must be of one shape, labelled, and on the 8-bit lattice.
  init(_ dataset: any Dataset, pool: WorkerPool) throws(TrainingError) {
    let shape = try Self.shape(of: dataset)
    var labels: [Int] = []
    for index in 0..<dataset.count {
      guard let label = dataset.label(index) else {
        throw .unusable(
          "\(dataset.name): \(dataset.source(index)) has no label; training needs labelled images.")
      }
      labels.append(label)
    }
    let stride = shape.elementCount
    let failure = FirstFailure()
    levels = [UInt8](unsafeUninitializedCapacity: stride * dataset.count) { buffer, filled in
      let base = UInt(bitPattern: buffer.baseAddress)  // each task writes its own image only
      pool.forEach(dataset.count) { index, _ in
        do throws(DataError) {
          let image = try dataset.image(index)
          guard image.shape == shape, let bytes = UnsafeMutablePointer<UInt8>(bitPattern: base) else {
            return failure.record(index, Self.mismatch(dataset.source(index), image.shape, shape))
          }
          image.withElements { pixels in
            for position in 0..<stride {
              bytes[index * stride + position] = UInt8(min(max((pixels[position] * 255).rounded(), 0), 255))
            }
          }
        } catch { failure.record(index, "\(error)") }
      }
      filled = stride * dataset.count
    }
    if let text = failure.text { throw .failed(text) }
    self.shape = shape
    self.labels = labels
  }

  /// The shape of the first image, which all others must have.
  static func shape(of dataset: any Dataset) throws(TrainingError) -> Shape {
    do throws(DataError) {
      if let shape = try dataset.commonShape() { return shape }
    } catch { throw .failed("\(error)") }
    throw .unusable("\(dataset.name) has no images; training needs some.")
  }

  private static func mismatch(_ source: String, _ shape: Shape, _ expected: Shape) -> String {
    "\(source): an image of \(shape), expected \(expected) as the first one; training needs one size."
      + " Resize it, or leave it out."
  }

  /// Image `index`, `[channels, height, width]`, pixels in 0…1.
  func image(_ index: Int) -> Tensor {
    let stride = shape.elementCount
    return Tensor(shape) { out in
      for position in 0..<stride { out[position] = Float(levels[index * stride + position]) / 255 }
    }
  }
}
