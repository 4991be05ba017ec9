import AdvClassifier
import AdvModels
import AdvRuntime
import ArgumentParser

/// In which arithmetic the network is computed.
struct ArithmeticOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compute the network, its gradients and its verdicts in one arithmetic: direct, im2col, winograd, fft, "
        + "strassen, double, bf16 or fp16.", valueName: "name"))
  var arithmetic: Arithmetic?

  /// The model, prepared for this machine: in this arithmetic, or else with searches in this precision.
  func classifier(
    _ model: Model, from entrance: Model.Entrance = .pixels, precision: Precision = .exact
  ) throws -> Classifier {
    try Classifier(model, from: entrance, precision: precision, arithmetic: arithmetic)
  }

  /// The options that ask for the same arithmetic again.
  var arguments: [String] { arithmetic.map { ["--arithmetic", $0.rawValue] } ?? [] }
}
