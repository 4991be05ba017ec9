import AdvTensor
import AdvThreat

/// A defence that changes the image before the network sees it.
public protocol ImageFilter: Defense {
  /// The image that the network sees, of the same size. `draws` are random numbers of this image and draw.
  func apply(to image: Planes, _ draws: RandomStream) throws(ThreatError) -> Planes

  /// A cotangent of the result carried back to the image, by the card's policy; `draws` as in `apply`.
  func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes
}

/// A filter without random numbers.
public protocol FixedFilter: ImageFilter {}

extension FixedFilter {
  /// The base behind the filter.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle { FilteredOracle(base, self) }
}

/// A filter with random numbers: the verdict comes from `samples` draws, and an attack sees the mean of `draws`
/// others in every pass.
public protocol RandomFilter: ImageFilter {
  /// Draws of the verdict.
  var samples: Int { get }
  /// Draws that each pass of an attack averages over.
  var draws: Int { get }
  /// How the verdict's draws become one answer.
  static var vote: Vote { get }
}

/// How several answers become one.
public enum Vote: Hashable, Sendable {
  /// The mean of the probabilities.
  case mean
  /// The number of draws that name a class.
  case majority
}

extension RandomFilter {
  /// The base behind the filter.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    VotingOracle(base, self, base.domain, seed: context.seed)
  }
}

/// A filter whose own gradient is zero almost everywhere, or missing: an attacker takes the identity for it.
public protocol StraightThrough: ImageFilter {}

extension StraightThrough {
  /// The cotangent as it is.
  public func pullback(_ cotangent: Planes, at image: Planes, _ draws: RandomStream) -> Planes { cotangent }
}
