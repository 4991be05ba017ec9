import AdvTensor
import Foundation

/// Image files found on disk, always in the same order: sorted by name as Unicode scalars.
enum FolderImages {
  static let extensions: Set<String> = ["png"]

  /// `folder:DIR` — the classes are the sub-folders in sorted order, their images the files directly inside.
  static let kind = DatasetKind(
    kind: "folder", form: "folder:DIR",
    summary: "PNG and JPEG files in one sub-folder for each class; the classes are sorted by name."
  ) { argument, _ throws(DataError) in
    let root = try requiredPath(argument, form: "folder:DIR")
    let folders = try listing(root).filter { isFolder("\(root)/\($0)") }
    var classes: [String] = []
    var entries: [ImageFiles.Entry] = []
    for folder in folders {
      let files = try images(in: "\(root)/\(folder)")
      if files.isEmpty { continue }
      entries += files.map { ImageFiles.Entry(path: $0, label: classes.count) }
      classes.append(folder)
    }
    if entries.isEmpty {
      throw .badSource(
        path: root, problem: "no class folders with PNG or JPEG files, found \(folders.count) sub-folders",
        remedy:
          "Put the images of each class into a sub-folder named after it, or use --images for plain files.")
    }
    return ImageFiles(name: "folder:\(root)", classes: classes, entries: entries)
  }

  /// The images of files and folders without labels, for `--images`; a folder stands for the images directly
  /// inside, sorted.
  static func unlabelled(_ paths: [String]) throws(DataError) -> any Dataset {
    var entries: [ImageFiles.Entry] = []
    for path in paths {
      let files = isFolder(path) ? try images(in: path) : [path]
      if files.isEmpty {
        throw .badSource(
          path: path, problem: "no PNG or JPEG file in this folder", remedy: "Name the files or their folder."
        )
      }
      for file in files {
        guard FileManager.default.fileExists(atPath: file) else {
          throw .badSource(path: file, problem: "no such file", remedy: "Check the path.")
        }
        entries.append(ImageFiles.Entry(path: file, label: nil))
      }
    }
    if entries.isEmpty { throw .empty(dataset: "images", reason: "expected at least one path") }
    return ImageFiles(name: "images", classes: [], entries: entries)
  }

  /// The paths of the images directly in a folder, sorted.
  static func images(in folder: String) throws(DataError) -> [String] {
    try listing(folder).map { "\(folder)/\($0)" }.filter { path in
      extensions.contains((path as NSString).pathExtension.lowercased()) && !isFolder(path)
    }
  }

  /// The visible entries of a folder, sorted.
  private static func listing(_ folder: String) throws(DataError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw .badSource(
        path: folder, problem: "not a folder that can be read", remedy: "Check the path and its permissions.")
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }
}

/// True for a folder, also behind a symbolic link.
func isFolder(_ path: String) -> Bool {
  var isDirectory: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

/// The path after the colon of a data set's name, without a trailing slash.
func requiredPath(_ argument: String?, form: String) throws(DataError) -> String {
  guard var path = argument, !path.isEmpty else {
    throw .badSpecifier(String(form.prefix { $0 != ":" }), expected: form)
  }
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// Image files without labels, such as those of `--images`.
public enum ImageList {
  /// The PNG and JPEG files named, folders replaced by the images directly inside; every label is nil.
  public static func open(_ paths: [String]) throws(DataError) -> any Dataset {
    try FolderImages.unlabelled(paths)
  }
}
