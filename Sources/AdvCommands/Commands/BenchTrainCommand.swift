import AdvModels
import AdvRuntime
import ArgumentParser

/// `advkit bench train`: one training step, without data and recipe around it.
struct BenchTrainCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Time one training step: forward pass, gradients of all weights, update.",
    discussion: "Medians, on random images, by SGD with momentum. Without weights a network gets random ones."
  )

  @Option(help: ArgumentHelp("A name from `advkit models`, or a checkpoint.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("Images per step.", valueName: "n")) var batch = 128
  @Option(help: ArgumentHelp("Side of the images.", valueName: "n")) var size: Int?
  @Option(help: "The arithmetic of convolutions: exact sums, fast, or bf16.") var precision: Precision =
    .exact
  @OptionGroup var options: BenchOptions

  func validate() throws { try BenchOptions.check(batch: batch) }

  func execute(on console: Console) throws -> ExitStatus {
    let subject = try AnyModel.load(ModelRequest(model), inputSize: size)
    let figures = try TrainBenchmark(
      model: subject, batch: batch, threads: options.threadCount, precision: precision
    ).run(seconds: options.seconds, evenIfBusy: options.force)
    if options.json {
      console.print(try JSONText.of(figures))
      return .done
    }
    let digits = MachineText.digits
    console.print(
      """
      \(model) \(figures.size)×\(figures.size), batch \(batch), \(options.threadText), \(figures.precision), \
      \(figures.isa)
        \(digits(figures.millisecondsPerImage, 4)) ms per image, \
      \(digits(figures.imagesPerSecond, 1)) images per second, \
      \(digits(figures.processorMillisecondsPerImage, 4)) ms of processor time per image
        \(digits(figures.gigaflops, 1)) GFLOP/s, \(MachineText.percent(figures.peakFraction)) of the measured \
      peak (\(digits(figures.probe.allThreads, 0)) on \(options.threadText), \
      \(digits(figures.probe.oneThread, 0)) on 1)
        \(MachineText.mebibytes(figures.peakMemory)) at most in this process
      """)
    if !figures.isTrusted { console.print(MachineText.busy) }
    return .done
  }
}
