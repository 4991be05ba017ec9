import AdvTensor

/// What an attack may do to an image where no ball says how far.
///
/// The verifier checks what a threat promises on the images themselves; where the promise is a
/// transformation, it makes the candidate again from the original and compares.
public enum Threat: Hashable, Sendable {
  /// A rotation by at most so many degrees and a shift by at most so many pixels along each axis.
  case motion(degrees: Float, pixels: Float)
  /// Every pixel takes its value from at most so many pixels away.
  case flow(pixels: Float)
  /// A Gaussian blur of at most this width, in pixels.
  case blur(sigma: Float)
  /// A mixture with mid-grey of at most this share.
  case contrast(share: Float)
  /// Any change inside one square window, whose side is this share of the image's shorter side.
  case patch(share: Float)
  /// Any change of at most so many pixels, in all their channels.
  case pixels(Int)
  /// Pixels may take the colour of other pixels of the image.
  case rearrangement

  /// The norm that candidates are compared in; none of them is a bound.
  public var norm: Norm {
    switch self {
    case .patch, .pixels, .rearrangement: .l0
    case .motion, .flow, .blur, .contrast: .l2
    }
  }

  /// What is allowed, in words that follow "the attack may".
  public var explanation: String {
    switch self {
    case .motion(let degrees, let pixels): "rotate by at most \(degrees)° and shift by at most \(pixels) px"
    case .flow(let pixels): "move pixels by at most \(pixels) px"
    case .blur(let sigma): "blur by at most σ = \(sigma) px"
    case .contrast(let share): "mix in at most \(share) of mid-grey"
    case .patch(let share): "change one square window of \(share) of the shorter side"
    case .pixels(let count): "change at most \(count) pixel\(count == 1 ? "" : "s")"
    case .rearrangement: "give pixels the colour of other pixels"
    }
  }

  /// The side in pixels of a patch's window.
  public static func windowSide(share: Float, in size: ImageSize) -> Int {
    let shorter = Swift.min(size.height, size.width)
    return Swift.min(Swift.max(Int((share * Float(shorter)).rounded(.up)), 1), shorter)
  }

  /// Whether a candidate is one that the threat allows.
  ///
  /// - Parameter transformation: how the attack says that it made the candidate.
  public func allows(
    _ candidate: UnsafeBufferPointer<Float>, from original: UnsafeBufferPointer<Float>,
    by transformation: Transformation?, _ size: ImageSize, in box: Box
  ) -> Bool {
    switch self {
    case .motion, .flow, .blur, .contrast:
      guard !candidate.elementsEqual(original) else { return true }
      guard let transformation, covers(transformation) else { return false }
      let made = transformation.applied(to: Array(original), size, in: box)
      // A file holds whole levels.
      return made.count == candidate.count
        && made.indices.allSatisfy { (made[$0] - candidate[$0]).magnitude <= Tolerance.level }
    case .patch(let share):
      return fits(candidate, original, size, side: Self.windowSide(share: share, in: size))
    case .pixels(let count): return changed(candidate, original, size).count <= count
    case .rearrangement: return isRearranged(candidate, original, size)
    }
  }

  /// Whether a transformation is one of this threat's.
  private func covers(_ transformation: Transformation) -> Bool {
    switch (self, transformation) {
    case (.motion(let degrees, let pixels), .motion(let motion)):
      return motion.degrees.magnitude <= degrees && motion.down.magnitude <= pixels
        && motion.right.magnitude <= pixels
    case (.flow(let pixels), .flow(let field)): return field.longest <= pixels * (1 + 1e-6)
    case (.blur(let limit), .blur(let sigma)): return sigma >= 0 && sigma <= limit
    case (.contrast(let limit), .contrast(let share)): return share >= 0 && share <= limit
    default: return false
    }
  }

  /// The positions of the pixels with a changed channel, row by row.
  private func changed(
    _ candidate: UnsafeBufferPointer<Float>, _ original: UnsafeBufferPointer<Float>, _ size: ImageSize
  ) -> [Int] {
    (0..<size.pixelCount).filter { pixel in
      (0..<size.channels).contains { channel in
        let at = channel * size.pixelCount + pixel
        return candidate[at] != original[at]
      }
    }
  }

  private func fits(
    _ candidate: UnsafeBufferPointer<Float>, _ original: UnsafeBufferPointer<Float>, _ size: ImageSize,
    side: Int
  ) -> Bool {
    let places = changed(candidate, original, size)
    guard let first = places.first, let last = places.last else { return true }
    let columns = places.map { $0 % size.width }
    let span = (columns.max() ?? 0) - (columns.min() ?? 0) + 1
    return last / size.width - first / size.width < side && span <= side
  }

  private func isRearranged(
    _ candidate: UnsafeBufferPointer<Float>, _ original: UnsafeBufferPointer<Float>, _ size: ImageSize
  ) -> Bool {
    func colour(_ image: UnsafeBufferPointer<Float>, _ pixel: Int) -> [Float] {
      (0..<size.channels).map { image[$0 * size.pixelCount + pixel] }
    }
    let places = changed(candidate, original, size)
    guard !places.isEmpty else { return true }
    let known = Set((0..<size.pixelCount).map { colour(original, $0) })
    return places.allSatisfy { known.contains(colour(candidate, $0)) }
  }
}
