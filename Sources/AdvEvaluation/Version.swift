/// The version of advkit, as `--version` and every manifest tell it.
public enum Version {
  /// Semantic version.
  public static let current = "0.1.0"
}
