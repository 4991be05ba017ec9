import AdvEvaluation
import ArgumentParser

/// The root command.
struct Advkit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advkit",
    abstract: "How far can a small, deliberate change of the input push an image classifier?",
    discussion: """
      advkit attack --model resnet --eps 0.007
        attacks the built-in network on its built-in test images and writes PNGs, each judged from its bytes.

      Exit codes: 0 done, 1 a threshold was missed, 2 no trustworthy result, 64 usage.
      """,
    version: Version.current,
    subcommands: [
      AttackCommand.self, EvaluateCommand.self, MergeCommand.self, ReplayCommand.self, CheckCommand.self,
      AuditCommand.self, CertifyCommand.self, CorruptionsCommand.self, MaximizeCommand.self,
      SaliencyCommand.self, TrainCommand.self, AugmentCommand.self, PredictCommand.self,
      GradientCommand.self, InspectCommand.self, ConvertCommand.self, ModelsCommand.self, AttacksCommand.self,
      RecipesCommand.self, DefensesCommand.self, DatasetsCommand.self, ExplainCommand.self,
      SelftestCommand.self, BenchCommand.self,
    ])
}
