import AdvSettings

/// A data set as the command line names it: `KIND`, or `KIND:ARGUMENT`.
public struct DatasetSpecifier: Hashable, Sendable, CustomStringConvertible {
  /// The entry of the catalogue, such as `cifar10`.
  public let kind: String
  /// What follows the first colon, such as a path; nil where there is no colon.
  public let argument: String?

  /// Parses `text`; the kind must be in the catalogue.
  public init(parsing text: String) throws(DataError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    kind = String(parts.first ?? "")
    argument = parts.count == 2 ? String(parts[1]) : nil
    let known = DatasetCatalog.all.map(\.kind)
    guard known.contains(kind) else {
      throw .unknownKind(kind, nearest: nearestNames(to: kind, among: known))
    }
    if argument == "" { throw .badSpecifier(text, expected: entry.form) }
  }

  /// `KIND:ARGUMENT`, as it was written.
  public var description: String { argument.map { "\(kind):\($0)" } ?? kind }

  /// Opens the data set; the role chooses between its train and test halves where the name does not.
  public func open(for role: DatasetRole = .evaluation) throws(DataError) -> any Dataset {
    try entry.open(argument, role)
  }

  private var entry: DatasetKind {
    guard let entry = DatasetCatalog.all.first(where: { $0.kind == kind }) else {
      preconditionFailure("the initialiser admits kinds of the catalogue only, not \(kind)")
    }
    return entry
  }
}
