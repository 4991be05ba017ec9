/// Consecutive steps that a worker takes through so many images at once, before it takes the next images
/// through the same steps.
///
/// Depth first: what one step writes should still be in the caches when the next one reads it. Layers with
/// large maps therefore go image by image, later ones through the whole sub-batch, which streams their
/// weights once.
struct Stretch: Sendable, Hashable {
  /// The steps.
  var steps: Range<Int>
  /// The images at once.
  var images: Int

  /// The share of the last-level cache that one worker's activations may take.
  static let cacheBudget = 4 << 20

  /// The stretches of a range of steps.
  static func divide(_ steps: Range<Int>, of plan: Plan) -> [Stretch] {
    var result: [Stretch] = []
    for step in steps {
      let images = max(cacheBudget / max(plan.bytesPerImage(of: step), 1), 1)
      // Steps of about the same size stay together: each change of stride costs a pass over the caches.
      if let last = result.last, max(last.images, images) <= 2 * min(last.images, images) {
        result[result.count - 1] = Stretch(
          steps: last.steps.lowerBound..<step + 1, images: min(last.images, images))
      } else {
        result.append(Stretch(steps: step..<step + 1, images: images))
      }
    }
    return result
  }
}

extension Plan {
  /// The bytes that a step reads and writes for each image.
  fileprivate func bytesPerImage(of step: Int) -> Int {
    let kernel = steps[step].kernel
    return Set(kernel.reads + kernel.writes).reduce(0) { sum, slot in
      sum + (slots[slot].type.multiplicity == .perImage ? slots[slot].bytes : 0)
    }
  }
}
