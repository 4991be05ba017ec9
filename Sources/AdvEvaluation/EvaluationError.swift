import AdvFormats

/// Why a run has no trustworthy result; the description is the message for people.
public enum EvaluationError: Error, Sendable, CustomStringConvertible {
  /// The output folder is there already.
  case folderExists(path: String)
  /// `--overwrite` was given, but what is there is no folder of results.
  case foreignFolder(path: String, mark: String)
  /// The output folder could not be made, moved or replaced.
  case folder(path: String, problem: String)
  /// The finished folder could not be put in its place, and lies elsewhere.
  case displaced(reason: String, kept: String)
  /// A file that was just written could not be read back as it was written.
  case readBack(path: String)
  /// A report's template and its values do not fit.
  case template(String)
  /// A file that could not be written or read.
  case file(FormatError)
  /// The ledger of a run cannot be used.
  case ledger(path: String, problem: String, remedy: String)
  /// What was asked for does not fit what an earlier run did.
  case plan(path: String, problem: String, remedy: String)

  /// One or two lines: what, where, got, expected, remedy.
  public var description: String {
    switch self {
    case .folderExists(let path):
      "\(path): the output folder is there already.\n  Replace it with --overwrite, or name another with --out."
    case .foreignFolder(let path, let mark):
      "\(path): holds no \(mark), so it is not a run's folder and is not replaced.\n"
        + "  Name another folder with --out."
    case .folder(let path, let problem):
      "\(path): \(problem).\n  Check that the folder above it exists, is writable and has space left."
    case .displaced(let reason, let kept):
      "\(reason.prefix { $0 != "\n" })\n  The finished results are in \(kept)."
    case .readBack(let path):
      "\(path): the file does not hold the pixels that were written.\n  Check the disk; nothing of this run is kept."
    case .template(let problem): "report template: \(problem)"
    case .file(let error): error.description
    case .ledger(let path, let problem, let remedy): "\(path): \(problem).\n  \(remedy)"
    case .plan(let path, let problem, let remedy): "\(path): \(problem).\n  \(remedy)"
    }
  }
}
