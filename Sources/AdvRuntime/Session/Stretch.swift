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

  /// The most images that a worker takes through all steps at once.
  static let chunkLimit = 64

  /// In stretches of so few images a value of the stretch alone has room for them, not for the sub-batch: the next
  /// images find its bytes in the caches.
  static let few = 4

  /// The stretches of a range of steps.
  static func divide(_ range: Range<Int>, of steps: [Step], _ slots: [Slot]) -> [Stretch] {
    var result: [Stretch] = []
    for step in range {
      let images = max(cacheBudget / max(bytesPerImage(of: steps[step], slots), 1), 1)
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

  /// Intervals as depth-first work needs them: what a stretch of few images reads from before it is kept until
  /// its last image is through, and what is read after it has its bytes from its first image on.
  ///
  /// Otherwise a later step of one image could overwrite what an earlier step of the next image still reads.
  static func widen(_ intervals: [Interval], _ stretches: [Stretch]) -> [Interval] {
    intervals.map { interval in
      let (first, last) = (find(interval.first, stretches), find(interval.last, stretches))
      if let first, first == last { return interval }
      var widened = interval
      if let first { widened.first = first.steps.lowerBound }
      if let last { widened.last = last.steps.upperBound - 1 }
      return widened
    }
  }

  /// The stretch inside which a value is made and used up, if there is one.
  static func holding(_ interval: Interval, _ stretches: [Stretch]) -> Stretch? {
    find(interval.first, stretches).flatMap { $0.steps.contains(interval.last) ? $0 : nil }
  }

  /// The stretch of a step, nil where it takes the whole sub-batch.
  private static func find(_ step: Int, _ stretches: [Stretch]) -> Stretch? {
    stretches.first { $0.steps.contains(step) && $0.images < chunkLimit }
  }

  /// The bytes that a step reads and writes for each image.
  private static func bytesPerImage(of step: Step, _ slots: [Slot]) -> Int {
    Set(step.kernel.reads + step.kernel.writes).reduce(0) { sum, slot in
      sum + (slots[slot].type.multiplicity == .perImage ? slots[slot].bytes : 0)
    }
  }
}
