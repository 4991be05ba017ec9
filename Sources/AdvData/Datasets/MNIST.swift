import AdvFormats
import AdvTensor

/// MNIST (LeCun et al. 1998) and data sets of its layout: 28 × 28 grey images in IDX files.
enum MNIST {
  /// `mnist:DIR` — handwritten digits.
  static let digits = kind(
    "mnist", "Handwritten digits, 28 × 28 grey (LeCun et al. 1998), in the official IDX files, also as .gz.",
    classes: (0...9).map(String.init))

  /// `fashion-mnist:DIR` — Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
  static let fashion = kind(
    "fashion-mnist",
    "Zalando articles, 28 × 28 grey (Xiao et al. 2017), in the official IDX files, also as .gz.",
    classes: [
      "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
      "Ankle boot",
    ])

  private static func kind(_ word: String, _ summary: String, classes: [String]) -> DatasetKind {
    DatasetKind(kind: word, form: "\(word):DIR", summary: summary) { argument, role throws(DataError) in
      let path = try requiredPath(argument, form: "\(word):DIR")
      let files = try pair(path, role)
      do throws(FormatError) {
        return try read(files, name: "\(word):\(path)", classes: classes)
      } catch {
        throw .format(error)
      }
    }
  }

  /// The images file and its labels file: those of a half of the set in a folder, or the one named with the
  /// other one beside it.
  private static func pair(
    _ path: String, _ role: DatasetRole
  ) throws(DataError) -> (images: String, labels: String) {
    if !FolderListing.isFolder(path) { return try companions(of: path) }
    let half = role == .training ? "train" : "t10k"
    for suffix in ["-idx3-ubyte", ".idx3-ubyte"].flatMap({ [$0, $0 + ".gz"] }) {
      let images = "\(path)/\(half)-images\(suffix)"
      if fileExists(images) { return try companions(of: images) }
    }
    throw .badSource(
      path: path, problem: "no \(half)-images-idx3-ubyte or \(half)-images-idx3-ubyte.gz in this folder",
      remedy: "Give a folder with the official files, or one images file with its labels file beside it.")
  }

  /// The two files of a half, from the name of either, plain or compressed.
  private static func companions(of path: String) throws(DataError) -> (images: String, labels: String) {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let (folder, file) = (path[..<slash], path[slash...])
    let stem = file.hasSuffix(".gz") ? String(file.dropLast(3)) : String(file)
    let words = [("images", "labels"), ("idx3", "idx1")]
    let isLabels = stem.contains("labels")
    var other = stem
    for (image, label) in words {
      other = other.replacing(isLabels ? label : image, with: isLabels ? image : label)
    }
    let partner = ["\(folder)\(other)", "\(folder)\(other).gz"].first { fileExists($0) }
    guard let partner, other != stem else {
      throw .badSource(
        path: path, problem: "no \(isLabels ? "images" : "labels") file beside it, expected \(other)",
        remedy: "Keep the official names, such as t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte.")
    }
    return isLabels ? (partner, path) : (path, partner)
  }

  private static func read(
    _ files: (images: String, labels: String), name: String, classes: [String]
  ) throws(FormatError) -> PackedImages {
    let images = try IDX.read(files.images)
    guard images.shape.rank == 3, images.shape.elementCount > 0 else {
      throw FormatError(
        .mismatched, path: files.images, "the IDX file does not hold images", got: "shape \(images.shape)",
        expected: "[images, height, width]")
    }
    let labels = try IDX.read(files.labels)
    guard labels.shape == [images.shape[0]] else {
      throw FormatError(
        .mismatched, path: files.labels, "the labels do not fit the images", got: "shape \(labels.shape)",
        expected: "\([images.shape[0]])", remedy: "Give the labels of \(files.images).")
    }
    if let bad = labels.bytes.firstIndex(where: { $0 >= classes.count }) {
      throw FormatError(
        .malformed, path: files.labels, "label \(bad) is no class", got: "\(labels.bytes[bad])",
        expected: "below \(classes.count)")
    }
    return PackedImages(
      name: name, classes: classes, pixelShape: [1, images.shape[1], images.shape[2]], levels: images.bytes,
      labels: labels.bytes.map(Int.init), files: [(files.images, images.shape[0])])
  }
}
