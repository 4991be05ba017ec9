import AdvFormats
import AdvTensor

/// A data set of PNG and JPEG files, decoded when they are asked for.
struct ImageFiles: Dataset {
  /// One file, with its class where there is one.
  struct Entry: Sendable {
    let path: String
    let label: Int?
  }

  let name: String
  let classes: [String]
  let entries: [Entry]

  /// The files may differ in size, and only decoding would tell.
  var imageShape: Shape? { nil }
  var count: Int { entries.count }

  func label(_ index: Int) -> Int? { entries[index].label }

  /// The position keeps equal file names of different folders apart.
  func identifier(_ index: Int) -> String {
    let file = entries[index].path.split(separator: "/").last.map(String.init) ?? ""
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    return "\(zeroPadded(index, digits: 5))-\(fileNameSafe(stem))"
  }

  func source(_ index: Int) -> String { entries[index].path }

  /// The file as RGB, `[3, height, width]`, or grey, `[1, height, width]`, as it is stored.
  func image(_ index: Int) throws(DataError) -> Tensor {
    do throws(FormatError) {
      return try ImageFile.read(entries[index].path).image.tensor()
    } catch {
      throw .format(error)
    }
  }
}
