import AdvFormats
import AdvTensor

/// CIFAR-10 and CIFAR-100 — Krizhevsky 2009 — in the official binary layout: 32 × 32 RGB images.
enum CIFAR {
  /// `cifar10:DIR`.
  static let ten = kind(
    "cifar10", "Ten classes of photographs, 32 × 32 RGB (Krizhevsky 2009), in the official binary files.",
    layout: .cifar10, training: (1...5).map { "data_batch_\($0).bin" }, evaluation: ["test_batch.bin"],
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])

  /// `cifar100:DIR`, under its fine labels.
  static let hundred = kind(
    "cifar100", "A hundred classes of photographs, 32 × 32 RGB (Krizhevsky 2009), fine labels, binary files.",
    layout: .cifar100, training: ["train.bin"], evaluation: ["test.bin"], classes: fineLabels)

  private static func kind(
    _ word: String, _ summary: String, layout: CIFARBinary.Layout, training: [String], evaluation: [String],
    classes: [String]
  ) -> DatasetKind {
    DatasetKind(kind: word, form: "\(word):DIR", summary: summary) { argument, role throws(DataError) in
      let path = try requiredPath(argument, form: "\(word):DIR")
      let names = role == .training ? training : evaluation
      let files = FolderListing.isFolder(path) ? names.map { "\(path)/\($0)" } : [path]
      if files.count > 0, files != [path], let missing = files.first(where: { !fileExists($0) }) {
        throw .badSource(
          path: path, problem: "no \(missing.dropFirst(path.count + 1)) in this folder",
          remedy:
            "Give a folder with the official binary files (\(names.joined(separator: ", "))), or one file.")
      }
      do throws(FormatError) {
        return try read(files, layout, name: "\(word):\(path)", classes: classes)
      } catch {
        throw .format(error)
      }
    }
  }

  private static func read(
    _ files: [String], _ layout: CIFARBinary.Layout, name: String, classes: [String]
  ) throws(FormatError) -> PackedImages {
    var levels: [UInt8] = []
    var labels: [Int] = []
    var counts: [(path: String, count: Int)] = []
    for file in files {
      let part = try CIFARBinary.read(file, layout: layout)
      levels += part.levels
      labels += part.labels
      counts.append((file, part.count))
    }
    return PackedImages(
      name: name, classes: classes, pixelShape: [3, 32, 32], levels: levels, labels: labels, files: counts)
  }

  /// The fine classes of CIFAR-100 in the order of their labels, which is alphabetical.
  private static let fineLabels = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can \
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin \
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard \
    lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear \
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal \
    shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank \
    telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split(separator: " ").map(String.init)
}
