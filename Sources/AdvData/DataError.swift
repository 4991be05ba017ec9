import AdvFormats
import AdvSettings
import AdvTensor

/// What can be wrong with a data set or with the way it was asked for.
public enum DataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `--dataset` names no known kind.
  case unknownKind(String, nearest: [String])
  /// The words after the kind do not fit it: what was given, what was expected.
  case badSpecifier(String, expected: String)
  /// A file or a folder that cannot be used: where, what is wrong, what to do.
  case badSource(path: String, problem: String, remedy: String)
  /// Something needed labels, and this image has none.
  case unlabelled(dataset: String, image: String)
  /// Images of different shapes cannot share a batch.
  case mixedShapes(image: String, got: Shape, expected: Shape)
  /// A class filter names a class that the data set does not have.
  case unknownClass(String, nearest: [String])
  /// An augmentation that is not known, or a setting that does not fit it.
  case augmentation(SettingError)
  /// Images that an augmentation cannot work on: which one, what they are, what it expects.
  case unsuitable(augmentation: String, got: String, expected: String)
  /// A file that cannot be read; the message is the reader's.
  case format(FormatError)
  /// A selection that leaves no image.
  case empty(dataset: String, reason: String)

  /// One or two lines: what, where, got, expected, remedy.
  public var description: String {
    switch self {
    case .unknownKind(let kind, let nearest):
      "data set kind '\(kind)' is not known\(Self.suggestion(nearest))\n"
        + "  Known kinds: \(DatasetCatalog.all.map(\.kind).joined(separator: ", "))."
    case .badSpecifier(let text, let expected):
      "data set '\(text)' cannot be understood, expected \(expected)"
    case .badSource(let path, let problem, let remedy):
      "\(path): \(problem)\n  \(remedy)"
    case .unlabelled(let dataset, let image):
      "\(dataset): '\(image)' has no label, which this command needs\n"
        + "  Use a labelled data set, such as folder:DIR with a sub-folder for each class."
    case .mixedShapes(let image, let got, let expected):
      "\(image): shape \(got), expected \(expected) like the images before it in the batch\n"
        + "  Resize the images to one size."
    case .unknownClass(let name, let nearest):
      "class '\(name)' is not in this data set\(Self.suggestion(nearest))"
    case .augmentation(let error):
      "\(error)\n  Known augmentations: \(AugmentationCatalog.all.map { $0.name }.joined(separator: ", "))."
    case .unsuitable(let augmentation, let got, let expected):
      "augmentation '\(augmentation)': the images are \(got), expected \(expected)"
    case .format(let error):
      error.description
    case .empty(let dataset, let reason):
      "\(dataset): no image left, \(reason)"
    }
  }

  private static func suggestion(_ names: [String]) -> String {
    names.isEmpty ? "" : ", did you mean \(names.map { "'\($0)'" }.joined(separator: " or "))?"
  }
}
