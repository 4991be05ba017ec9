import ArgumentParser

/// Where results go.
struct OutputOptions: ParsableArguments {
  /// Which images are kept besides the report.
  enum Saved: String, CaseIterable, ExpressibleByArgument {
    case adversarial, all
  }

  @Option(help: ArgumentHelp("The folder to write (default: below reports/).", valueName: "dir"))
  var out: String?

  @Flag(help: "Replace the folder of an earlier run.")
  var overwrite = false

  @Option(help: ArgumentHelp("adversarial, or all: also original/ and delta/.", valueName: "which"))
  var save = Saved.adversarial
}
