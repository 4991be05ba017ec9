#if canImport(Glibc)
  import Glibc
#endif

/// Files in folders, in an order that depends on their names alone.
public enum FolderListing {
  /// The images of a class folder: one sub-folder for each class.
  public struct ClassFolder: Sendable {
    /// The names of the sub-folders, sorted; a class's index is its position.
    public let classes: [String]
    /// The image files, by class and then by name.
    public let images: [(path: String, label: Int)]
  }

  /// Lists a folder of class sub-folders that hold PNG or JPEG files. Hidden files are left out, and so are
  /// files of other kinds.
  ///
  /// Throws `.unreadable` if a folder cannot be read, `.mismatched` if there is no class or no image.
  public static func classes(_ path: String) throws(FormatError) -> ClassFolder {
    let classes = try names(path).filter { isFolder("\(path)/\($0)") }
    guard !classes.isEmpty else {
      throw FormatError(
        .mismatched, path: path, "the folder has no sub-folders", expected: "one for each class",
        remedy: "Put the images of each class into a folder that has the name of the class.")
    }
    var images: [(path: String, label: Int)] = []
    for (label, name) in classes.enumerated() {
      for image in try imageFiles("\(path)/\(name)") { images.append((image, label)) }
    }
    guard !images.isEmpty else { throw noImages(path) }
    return ClassFolder(classes: classes, images: images)
  }

  /// The PNG and JPEG files of one folder, by extension, sorted by name; those of sub-folders are left out.
  ///
  /// Throws `.unreadable` if the folder cannot be read.
  public static func images(_ path: String) throws(FormatError) -> [String] {
    let images = try imageFiles(path)
    guard !images.isEmpty else { throw noImages(path) }
    return images
  }

  /// Whether a path leads to a folder.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder without hidden ones, sorted by their bytes: not by a locale's rules.
  public static func names(_ path: String) throws(FormatError) -> [String] {
    guard let stream = opendir(path) else {
      throw FormatError(.unreadable, path: path, "the folder cannot be read", got: systemMessage(errno))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func imageFiles(_ path: String) throws(FormatError) -> [String] {
    try names(path).map { "\(path)/\($0)" }
      .filter { ImageFormat(extensionOf: $0) != nil && !isFolder($0) }
  }

  private static func noImages(_ path: String) -> FormatError {
    FormatError(
      .mismatched, path: path, "the folder holds no images", expected: "PNG or JPEG files",
      remedy: "Give a folder with .png, .jpg or .jpeg files.")
  }
}
