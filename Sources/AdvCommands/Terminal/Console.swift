import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Where a command writes: results to one stream, progress and messages to the other.
public struct Console: Sendable {
  /// Receives results, whole lines without their newline.
  let writeResult: @Sendable (String) -> Void
  /// Receives progress and messages exactly as they are to appear.
  let writeMessage: @Sendable (String) -> Void
  /// Whether messages go to a terminal that can redraw a line.
  let isInteractive: Bool
  /// Whether results may be coloured.
  let isColoured: Bool

  /// A console over two sinks; tests pass their own.
  public init(
    isInteractive: Bool = false, isColoured: Bool = false,
    result: @escaping @Sendable (String) -> Void, message: @escaping @Sendable (String) -> Void
  ) {
    self.isInteractive = isInteractive
    self.isColoured = isColoured
    (writeResult, writeMessage) = (result, message)
  }

  /// Standard output and standard error. Colours need a terminal and no `NO_COLOR`.
  public static func standard(environment: [String: String]) -> Console {
    let plain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
    return Console(
      isInteractive: isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb",
      isColoured: isatty(STDOUT_FILENO) == 1 && !plain,
      result: { FileHandle.standardOutput.write(Data(($0 + "\n").utf8)) },
      message: { FileHandle.standardError.write(Data($0.utf8)) })
  }

  /// Prints results.
  func print(_ text: String) { writeResult(text) }

  /// Prints a message of one or more lines beside the results.
  func note(_ text: String) { writeMessage(text + "\n") }

  /// The text in a colour, where colours are shown.
  func coloured(_ text: String, _ colour: TextColour) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }
}

/// The colours of results on a terminal.
enum TextColour: Int {
  case bold = 1
  case red = 31
  case green = 32
  case yellow = 33
}
