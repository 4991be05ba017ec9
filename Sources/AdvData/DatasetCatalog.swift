/// What a data set is opened for: it decides between the files of the official train and test halves.
public enum DatasetRole: Sendable {
  /// Fitting a model: the training half where there are two.
  case training
  /// Attacking and measuring a model: the test half where there are two.
  case evaluation
}

/// A kind of data set, as it is named on the command line.
public struct DatasetKind: Sendable {
  /// The word before the colon, such as `cifar10`.
  public let kind: String
  /// How it is written, such as `cifar10:DIR`.
  public let form: String
  /// One sentence for people.
  public let summary: String
  /// Opens the data set; `argument` is what follows the colon, if anything does.
  public let open: @Sendable (_ argument: String?, _ role: DatasetRole) throws(DataError) -> any Dataset
}

/// Every kind of data set that advkit can name.
public enum DatasetCatalog {
  /// One line for each kind.
  public static let all: [DatasetKind] = [
    Shapes10.kind,
    MNIST.digits,
    MNIST.fashion,
    CIFAR.ten,
    CIFAR.hundred,
    FolderImages.kind,
    CSVImages.kind,
  ]
}
