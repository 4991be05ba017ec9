import AdvFormats

import Foundation

/// A folder that appears whole or not at all.
///
/// It is built beside its place under a hidden name, and moved there by `publish`. If its owner goes away
/// before that, everything written so far is removed; finished work that cannot be put there stays beside it.
public struct OutputFolder: ~Copyable {
  /// Where the folder will be.
  public let path: String
  /// Where it is built; files written there belong to it.
  public let staging: Staging
  private let overwrites: Bool
  /// The file by which a folder of results is known.
  private let mark: String
  private var isPublished = false

  /// The place where a folder is being built; workers on any thread may write different files to it.
  public struct Staging: Sendable {
    /// The hidden folder's path.
    public let path: String

    /// The path of a file of the folder, such as `images/3.png`.
    public func path(of name: String) -> String { "\(path)/\(name)" }

    /// Writes one file whole.
    public func write(_ bytes: [UInt8], to name: String) throws(EvaluationError) {
      do throws(FormatError) {
        try AtomicFile.write(bytes, to: path(of: name))
      } catch {
        throw .file(error)
      }
    }

    /// Makes a folder inside.
    public func createFolder(_ name: String) throws(EvaluationError) {
      do throws(FormatError) {
        try AtomicFile.createFolder(path(of: name))
      } catch {
        throw .file(error)
      }
    }
  }

  /// Starts a folder that will be at `path`.
  ///
  /// Throws, before any work is done, if the place cannot be written to, or is taken: by anything but an empty
  /// folder without `overwrite`, by anything but a folder of results, which holds the file `mark`, with it.
  public init(at path: String, overwrite: Bool, mark: String = "results.json") throws(EvaluationError) {
    self.path = Self.trimmed(path)
    staging = try Self.prepare(self.path, overwrite ? mark : nil)
    (overwrites, self.mark) = (overwrite, mark)
  }

  deinit {
    if !isPublished { FileTree.remove(staging.path) }
  }

  /// Moves the finished folder to its place, replacing an earlier run if that was asked for.
  ///
  /// Throws where that cannot be done; the folder then lies where the error says.
  public consuming func publish() throws(EvaluationError) {
    do throws(EvaluationError) {
      try takePlace()
      isPublished = true
    } catch {
      let (staged, base) = (staging.path, "\(path)-\(getpid())")
      let refuges = [base] + (2...9).map { "\(base)-\($0)" }
      let refuge = refuges.first { rename(staged, $0) == 0 }
      isPublished = true
      throw .displaced(reason: error.description, kept: refuge ?? staged)
    }
  }

  private borrowing func takePlace() throws(EvaluationError) {
    let (parent, name) = Self.split(path)
    let retired = "\(parent)/.\(name).old-\(getpid())"
    // Another run may have come and gone since the start.
    let replaces = try Self.mustReplace(path, overwrites ? mark : nil)
    if replaces, rename(path, retired) != 0 {
      throw .folder(path: path, problem: "cannot be replaced: \(FileTree.message(errno))")
    }
    guard rename(staging.path, path) == 0 else {
      let reason = FileTree.message(errno)
      if replaces { _ = rename(retired, path) }
      throw .folder(path: path, problem: "cannot be put in place: \(reason)")
    }
    if replaces { FileTree.remove(retired) }
  }

  private static func prepare(_ path: String, _ mark: String?) throws(EvaluationError) -> Staging {
    _ = try mustReplace(path, mark)
    let (parent, name) = split(path)
    do throws(FormatError) {
      try AtomicFile.createFolder(parent)
    } catch {
      throw .file(error)
    }
    let hidden = "\(parent)/.\(name).part-\(getpid())"
    FileTree.remove(hidden)
    guard mkdir(hidden, 0o777) == 0 else {
      throw .folder(path: path, problem: "cannot be made: \(FileTree.message(errno))")
    }
    return Staging(path: hidden)
  }

  /// Whether something is at `path` that has to make way; throws if it must not: only what holds `mark` may.
  private static func mustReplace(_ path: String, _ mark: String?) throws(EvaluationError) -> Bool {
    switch FileTree.kind(of: path) {
    case .nothing: return false
    case .other: throw .folder(path: path, problem: "is there already and is no folder")
    case .folder:
      // rename(2) puts a folder in the place of an empty one.
      if FileTree.entries(of: path).isEmpty { return false }
      guard let mark else { throw .folderExists(path: path) }
      guard FileTree.kind(of: path + "/" + mark) != .nothing else {
        throw .foreignFolder(path: path, mark: mark)
      }
      return true
    }
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    // What is above them is not in the names of these two.
    return [".", ".."].contains(split(path).name) ? FileTree.resolved(path) : path
  }

  private static func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let parent = path[..<slash]
    return (parent.isEmpty ? "/" : String(parent), String(path[path.index(after: slash)...]))
  }
}

/// Folders and what is in them, by the system's own calls.
enum FileTree {
  enum Kind { case nothing, folder, other }

  static func kind(of path: String) -> Kind {
    var status = stat()
    guard lstat(path, &status) == 0 else { return .nothing }
    return status.st_mode & S_IFMT == S_IFDIR ? .folder : .other
  }

  /// The names in a folder, sorted.
  static func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file, or a folder with everything in it; links are removed, not followed.
  static func remove(_ path: String) {
    guard kind(of: path) == .folder else {
      unlink(path)
      return
    }
    for name in entries(of: path) { remove("\(path)/\(name)") }
    rmdir(path)
  }

  /// Whether two folders are the same, or one lies inside the other; what is not there yet counts by its name.
  static func overlap(_ one: String, _ other: String) -> Bool {
    let (one, other) = (resolved(one) + "/", resolved(other) + "/")
    return one.hasPrefix(other) || other.hasPrefix(one)
  }

  /// The path without links, as far as it is there.
  static func resolved(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  /// Waits until a file's bytes have reached the disk.
  static func flush(_ path: String) throws(EvaluationError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    let failure = descriptor < 0 || fsync(descriptor) != 0 ? errno : 0
    if descriptor >= 0 { close(descriptor) }
    guard failure == 0 else { throw .folder(path: path, problem: "cannot be flushed: \(message(failure))") }
  }

  /// Moves a file over another one.
  static func move(_ from: String, to path: String) throws(EvaluationError) {
    guard rename(from, path) == 0 else {
      throw .folder(path: path, problem: "cannot be put in place: \(message(errno))")
    }
  }

  static func message(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0).lowercased() } ?? "system error \(number)"
  }
}
