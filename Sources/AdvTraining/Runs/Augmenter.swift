import AdvData
import AdvRuntime
import AdvTensor

/// Makes the batches of an epoch on all threads.
struct Augmenter {
  private let pipeline: AugmentationPipeline
  private let images: TrainingImages
  private let classes: Int
  private let smoothing: Float
  private let seed: UInt64
  private let pool: WorkerPool

  init(
    _ pipeline: AugmentationPipeline, _ images: TrainingImages, classes: Int, _ settings: TrainingSettings,
    _ pool: WorkerPool
  ) {
    (self.pipeline, self.images, self.classes, self.pool) = (pipeline, images, classes, pool)
    (smoothing, seed) = (settings.labelSmoothing, settings.seed)
  }

  /// The number of training images.
  var count: Int { images.count }

  /// The images as this epoch shows them, with their targets.
  func batch(_ indices: [Int], epoch: Int, progress: Double) -> TrainingBatch {
    let stride = images.shape.elementCount
    var shares = [[(label: Int, share: Float)]](repeating: [], count: indices.count)
    let shown = shares.withUnsafeMutableBufferPointer { shares in
      let labels = UInt(bitPattern: shares.baseAddress)  // each task writes its own row only
      return Tensor(images.shape.prepending(indices.count)) { out in
        let base = UInt(bitPattern: out.baseAddress)
        pool.forEach(indices.count) { [pipeline, images] row, _ in
          let result = pipeline.apply(to: indices[row], of: images, epoch: epoch)
          guard let target = UnsafeMutablePointer<Float>(bitPattern: base),
            let rows = UnsafeMutablePointer<[(label: Int, share: Float)]>(bitPattern: labels)
          else { return }
          rows[row] = result.labels
          result.image.withElements { pixels in
            guard let source = pixels.baseAddress else { return }
            (target + row * stride).update(from: source, count: stride)
          }
        }
      }
    }
    return TrainingBatch(
      images: shown, targets: CrossEntropy.targets(shares, classes: classes, smoothing: smoothing),
      labels: shares.map(Self.largest), ids: indices.map(UInt64.init),
      seed: RandomStream.epochSeed(seed, epoch), progress: progress)
  }

  private static func largest(_ shares: [(label: Int, share: Float)]) -> Int {
    shares.max { $0.share < $1.share }?.label ?? 0
  }
}

extension RandomStream {
  /// A seed for the draws of one epoch.
  fileprivate static func epochSeed(_ seed: UInt64, _ epoch: Int) -> UInt64 {
    var stream = RandomStream(seed: seed, 0x6570_6f63, UInt64(epoch))
    return stream.next()
  }
}
