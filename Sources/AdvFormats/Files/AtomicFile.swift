#if canImport(Glibc)
  import Glibc
#endif

/// Files that appear whole or not at all: a temporary name in the same folder, flushed, then renamed.
public enum AtomicFile {
  /// What a file survives once it is written.
  public enum Durability: Sendable {
    /// A loss of power, too: the bytes have reached the disk, which takes milliseconds.
    case flushed
    /// The end of the program, however sudden. For many small files, with `flushAll` after the last.
    case renamed
  }

  /// Writes bytes to `path`, replacing a plain file of that name.
  ///
  /// On any failure (missing or unwritable folder, full disk) the temporary file is removed, what `path`
  /// held before is untouched, and `.unwritable` is thrown.
  public static func write(
    _ bytes: [UInt8], to path: String, durability: Durability = .flushed
  ) throws(FormatError) {
    let (descriptor, temporary) = try openTemporary(beside: path)
    var failure = writeAll(bytes, to: descriptor)
    if failure == 0, durability == .flushed, fsync(descriptor) != 0, errno != EINVAL { failure = errno }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, rename(temporary, path) != 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw unwritable(path, failure)
    }
  }

  /// Writes UTF-8 text to `path`, as `write(_:to:)` for bytes does.
  public static func write(_ text: String, to path: String) throws(FormatError) {
    try write(Array(text.utf8), to: path)
  }

  /// Flushes everything that was written to disk so far: one wait for any number of files.
  public static func flushAll() { sync() }

  /// Creates a folder and those above it; one that is there already is left as it is.
  ///
  /// Throws `.unwritable` if it cannot be made, is not a folder, or may not be written to.
  public static func createFolder(_ path: String) throws(FormatError) {
    var partial = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      partial += part + "/"
      if mkdir(partial, 0o777) != 0 {
        let failure = errno
        // A folder above may forbid creation and yet hold the next one: only its absence is an error.
        guard FolderListing.isFolder(partial) else {
          throw unwritable(path, failure == EEXIST ? ENOTDIR : failure)
        }
      }
    }
    guard access(path, W_OK | X_OK) == 0 else { throw unwritable(path, errno) }
  }

  private static func openTemporary(beside path: String) throws(FormatError) -> (Int32, String) {
    guard let name = path.split(separator: "/", omittingEmptySubsequences: false).last, !name.isEmpty else {
      throw unwritable(path, EISDIR)
    }
    let folder = path.dropLast(name.count)
    for attempt in 0..<1000 {
      // O_EXCL makes the name ours even when other threads or processes write to the same folder.
      let temporary = "\(folder).\(getpid())-\(attempt).part"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, temporary) }
      guard errno == EEXIST else { throw unwritable(path, errno) }
    }
    throw unwritable(path, EEXIST)
  }

  /// Writes every byte; the system's error number, or 0.
  static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let written = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if written > 0 {
          done += written
        } else if written == 0 {
          return ENOSPC
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }

  private static func unwritable(_ path: String, _ number: Int32) -> FormatError {
    FormatError(.unwritable, path: path, "cannot be written", got: systemMessage(number))
  }
}
