/// What a search keeps to besides ball and box.
public struct SearchLimits: Sendable {
  /// The forward passes that each image may still take, at least 1 each; nil sets no limit.
  ///
  /// An image whose passes are spent leaves with its best candidate so far. It is counted for each image by
  /// itself, so that neither batch nor threads change a result.
  public var passes: [Int]?
  /// Whether the model is shown every candidate as an 8-bit file would hold it.
  ///
  /// The attack goes on from the point that it proposed, with the gradient at the rounded one (straight
  /// through), so that steps shorter than a level add up. The originals must lie on the lattice.
  public var isOnLattice = false
  /// Asked after every look at the model: true ends the search with what it has.
  public var isOver: (@Sendable () -> Bool)?

  /// No limits.
  public init() {}

  /// The limits of some of the images, in the given order.
  func rows(_ indices: some Collection<Int>) -> SearchLimits {
    var part = self
    part.passes = passes.map { passes in indices.map { passes[$0] } }
    return part
  }

  /// What is left of the passes after these records, 0 where nothing is.
  public func left(after records: [ImageRecord]) -> [Int]? {
    passes.map { zip($0, records).map { Swift.max(0, $0 - $1.forwardPasses) } }
  }
}
