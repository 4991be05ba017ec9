/// An oracle in front of another one, whose answers it counts, changes, hides or records.
///
/// What it does not say otherwise is as with the oracle behind it: images, classes, the refusal, and the words about
/// draws and precision, which a wrapper that forgot them would swallow without a trace. A wrapper with random numbers
/// of its own is a `RandomizedOracle` too; it then hears those words itself and passes them on.
public protocol WrappingOracle: LabelOracle {
  /// The oracle behind this one; not a way around what a wrapper hides.
  var wrapped: any LabelOracle { get }
}

extension WrappingOracle {
  /// The images that the oracle behind accepts.
  public var domain: InputDomain { wrapped.domain }
  /// The number of classes of the oracle behind.
  public var classCount: Int { wrapped.classCount }
  /// The refusal of the oracle behind.
  public var rejectedClass: Int? { wrapped.rejectedClass }
}
