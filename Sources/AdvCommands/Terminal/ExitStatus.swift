/// The exit codes that scripts may rely on.
public enum ExitStatus: Int32, Sendable {
  /// Done, and every threshold met.
  case done = 0
  /// Done, and a threshold missed.
  case thresholdMissed = 1
  /// No trustworthy result: bad input, a failed verification, an input or output error.
  case noResult = 2
  /// The command line could not be understood.
  case usage = 64
}

/// A mistake in the values of options, found before any work; the description is the message.
struct InputError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
