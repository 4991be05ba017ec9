/// A tensor that does not fit the plan it was given to.
public struct SessionError: Error, Hashable, CustomStringConvertible {
  /// What was got, what was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}
