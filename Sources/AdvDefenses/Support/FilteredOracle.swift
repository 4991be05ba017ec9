import AdvTensor
import AdvThreat

/// A model whose images go through a filter first.
final class FilteredOracle<Filter: FixedFilter>: RandomizedOracle, WrappingOracle {
  private let base: any GradientOracle
  private let filter: Filter
  private var images = Tensor([0])

  init(_ base: any GradientOracle, _ filter: Filter) { (self.base, self.filter) = (base, filter) }

  var wrapped: any LabelOracle { base }

  /// The filter has no random numbers; what lies behind it may.
  func fix(_ draw: Draw, of ids: [UInt64]) { base.announce(draw, of: ids) }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try base.logits(try filtered(images), into: &logits)
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try base.linearize(at: try filtered(images), logits: &logits)
    self.images = images
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let outer = try base.pullback(cotangent)
    gradient = try Tensor.batch(images.rowCount, of: images.shape.droppingFirst()) {
      (row) throws(ThreatError) in
      filter.pullback(outer.planes(row), at: images.planes(row), RandomStream(seed: 0))
    }
  }

  private func filtered(_ images: Tensor) throws(ThreatError) -> Tensor {
    try domain.check(images)
    return try Tensor.batch(images.rowCount, of: images.shape.droppingFirst()) { (row) throws(ThreatError) in
      try filter.apply(to: images.planes(row), RandomStream(seed: 0))
    }
  }
}
