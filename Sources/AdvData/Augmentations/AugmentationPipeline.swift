import AdvTensor

/// A training image as an epoch shows it.
public struct AugmentedImage: Sendable {
  /// `[channels, height, width]`.
  public var image: Tensor
  /// The classes that the image shows and their shares, which sum to 1; most often one class.
  public var labels: [(label: Int, share: Float)]
}

/// The images that a pipeline draws from.
public protocol AugmentationSource: Sendable {
  /// The number of images.
  var count: Int { get }
  /// Image `index`, `[channels, height, width]`, pixels in 0…1.
  func image(_ index: Int) -> Tensor
  /// The class of image `index`.
  func label(_ index: Int) -> Int
}

/// A chain of augmentations for one training run.
public struct AugmentationPipeline: Sendable {
  /// The steps, first to last.
  public let steps: [AugmentationStep]
  private let seed: UInt64

  /// A chain whose draws are fixed by `seed`.
  public init(_ steps: [AugmentationStep], seed: UInt64) {
    self.steps = steps
    self.seed = seed
  }

  /// This chain with the steps that need it fitted to images spread evenly over `source`, 1,000 at most.
  public func fitted(to source: some AugmentationSource) throws(DataError) -> AugmentationPipeline {
    var sample: [Tensor] = []
    var result: [AugmentationStep] = []
    for step in steps {
      guard case .change(let change) = step, let open = change as? any FittedAugmentation else {
        result.append(step)
        continue
      }
      if sample.isEmpty {
        sample = stride(from: 0, to: source.count, by: max(1, source.count / 1_000)).map(source.image)
      }
      result.append(.change(try open.fitted(to: sample)))
    }
    return AugmentationPipeline(result, seed: seed)
  }

  /// Image number `index` of `source` as it is shown in this epoch: a function of seed, index and epoch alone.
  public func apply(to index: Int, of source: some AugmentationSource, epoch: Int) -> AugmentedImage {
    apply(steps.count, to: index, of: source, epoch)
  }

  /// The image after the first `count` steps. A partner in a blend has gone through the steps before it.
  private func apply(
    _ count: Int, to index: Int, of source: some AugmentationSource, _ epoch: Int
  ) -> AugmentedImage {
    var result = AugmentedImage(image: source.image(index), labels: [(source.label(index), 1)])
    for position in 0..<count {
      var draws = RandomStream(seed: seed, UInt64(index), UInt64(epoch), UInt64(position))
      switch steps[position] {
      case .change(let change): result.image = change.apply(to: result.image, &draws)
      case .mixture(let mixture):
        let partner = apply(position, to: draws.integer(below: source.count), of: source, epoch)
        let (image, share) = mixture.mix(result.image, partner.image, &draws)
        result.image = image
        result.labels =
          result.labels.map { ($0.label, $0.share * share) }
          + partner.labels.map { ($0.label, $0.share * (1 - share)) }
      }
    }
    return result
  }
}
