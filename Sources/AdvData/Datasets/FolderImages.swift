import AdvFormats
import AdvTensor

/// Image files found on disk, always in the same order: sorted by the bytes of their names.
enum FolderImages {
  /// `folder:DIR` — the classes are the sub-folders in sorted order, their images the files directly inside.
  static let kind = DatasetKind(
    kind: "folder", form: "folder:DIR",
    summary: "PNG and JPEG files in one sub-folder for each class; the classes are sorted by name."
  ) { argument, _ throws(DataError) in
    let root = try requiredPath(argument, form: "folder:DIR")
    do throws(FormatError) {
      let listing = try FolderListing.classes(root)
      return ImageFiles(
        name: "folder:\(root)", classes: listing.classes,
        entries: listing.images.map { ImageFiles.Entry(path: $0.path, label: $0.label) })
    } catch {
      throw .format(error)
    }
  }
}

/// Image files without labels, such as those of `--images`.
public enum ImageList {
  /// The PNG and JPEG files named, folders replaced by the images directly inside, sorted; every label is nil.
  public static func open(_ paths: [String]) throws(DataError) -> any Dataset {
    var entries: [ImageFiles.Entry] = []
    for path in paths {
      guard fileExists(path) else {
        throw .badSource(path: path, problem: "no such file or folder", remedy: "Check the path.")
      }
      do throws(FormatError) {
        let files = FolderListing.isFolder(path) ? try FolderListing.images(path) : [path]
        entries += files.map { ImageFiles.Entry(path: $0, label: nil) }
      } catch {
        throw .format(error)
      }
    }
    if entries.isEmpty { throw .empty(dataset: "images", reason: "expected at least one path") }
    return ImageFiles(name: "images", classes: [], entries: entries)
  }
}
