#if canImport(Glibc)
  import Glibc
#endif

/// Whole files as bytes.
public enum FileBytes {
  /// The largest file that is read into memory: 8 GiB.
  public static let limit = 8 << 30

  /// The bytes of a plain file. O(size).
  ///
  /// Throws `.unreadable` for a missing file, a folder or a missing permission, `.tooLarge` beyond `limit`.
  public static func read(_ path: String, limit: Int = FileBytes.limit) throws(FormatError) -> [UInt8] {
    // Without O_NONBLOCK a named pipe would be waited for before it is refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, systemMessage(errno)) }
    defer { close(descriptor) }
    let size = try plainFileSize(descriptor, path)
    guard size <= limit else {
      throw FormatError(
        .tooLarge, path: path, "the file is too large", got: "\(size) bytes", expected: "at most \(limit)")
    }
    return try readAll(descriptor, path, size: size)
  }

  private static func plainFileSize(_ descriptor: Int32, _ path: String) throws(FormatError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, systemMessage(errno)) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw unreadable(path, kind == S_IFDIR ? "it is a folder" : "it is not a plain file")
    }
    return Int(status.st_size)
  }

  private static func readAll(
    _ descriptor: Int32, _ path: String, size: Int
  ) throws(FormatError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got > 0 {
          count += got
        } else if got == 0 {
          break
        } else if errno != EINTR {
          failure = errno
          break
        }
      }
    }
    guard failure == 0 else { throw unreadable(path, systemMessage(failure)) }
    guard bytes.count == size else {
      throw FormatError(.truncated, path: path, "the file shrank while it was read")
    }
    return bytes
  }

  private static func unreadable(_ path: String, _ why: String) -> FormatError {
    FormatError(.unreadable, path: path, "cannot be read", got: why, expected: "a readable file")
  }
}

/// What the operating system calls an error number.
func systemMessage(_ number: Int32) -> String {
  switch number {
  case ENOENT: "no such file or folder"
  case EACCES, EPERM: "permission denied"
  case ENOSPC: "no space left on the device"
  case EROFS: "the file system is read-only"
  case EISDIR: "it is a folder"
  case ENOTDIR: "a part of the path is not a folder"
  case ENAMETOOLONG: "the name is too long"
  case EDQUOT: "the disk quota is used up"
  case EFBIG: "the file size limit is reached"
  case EIO: "the device reports an input/output error"
  case EMFILE, ENFILE: "too many open files"
  default: "system error \(number)"
  }
}
