import AdvDefenses
import ArgumentParser

/// What a model is behind, where nobody attacks it.
struct DefenseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model behind a defence, name[:key=value,…], several joined by + (see `advkit defenses`).",
      valueName: "defence"))
  var defense = DefenseChain.none

  /// The defences; throws for what no catalogue knows.
  func chain() throws -> DefenseChain { try DefenseChain(parsing: defense) }

  /// The options that ask for the same defences again.
  var arguments: [String] { defense == DefenseChain.none ? [] : ["--defense", defense] }
}
