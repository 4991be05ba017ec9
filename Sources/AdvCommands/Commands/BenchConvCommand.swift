import AdvModels
import AdvRuntime
import ArgumentParser

extension ConvolutionBenchmark.Direction: ExpressibleByArgument {}

/// `advkit bench conv`: the textbooks' algorithms and other precisions, layer by layer.
struct BenchConvCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "conv",
    abstract: "Compare convolution algorithms and precisions over the layers of a network.",
    discussion: """
      advkit bench conv --model resnet18 --batch 8
      advkit bench conv --model alexnet --layers features.0 --arithmetic direct,im2col,fft

      GFLOP/s count the operations of a direct convolution, so that an algorithm which saves some can exceed
      the peak. The error is the largest against sums in Double, relative to the largest result. Changes of
      layout before and after a layer are not timed. Layers that an algorithm does not fit run the direct kernel.
      """)

  @Option(help: ArgumentHelp("A name from `advkit models`, or a checkpoint.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("Only layers with one of these in their names: a,b,c.", valueName: "list"))
  var layers: String?
  @Option(
    help: ArgumentHelp("direct, im2col, winograd, fft, strassen, double, bf16, fp16.", valueName: "list"))
  var arithmetic: String?
  @Option(help: "Which way: forward, or backward to the input gradient.")
  var direction: ConvolutionBenchmark.Direction = .forward
  @Option(help: ArgumentHelp("Images at once.", valueName: "n")) var batch = 8
  @Option(help: ArgumentHelp("Side of the images.", valueName: "n")) var size: Int?
  @OptionGroup var options: BenchOptions

  func validate() throws { try BenchOptions.check(batch: batch) }

  func execute(on console: Console) throws -> ExitStatus {
    let arithmetics: [Arithmetic] =
      try arithmetic.map { list in
        try Lists.words(list, option: "--arithmetic").map { try Lists.choice($0, option: "--arithmetic") }
      } ?? Arithmetic.allCases
    let names = try layers.map { try Lists.words($0, option: "--layers") } ?? []
    let subject = try AnyModel.load(ModelRequest(model), inputSize: size)
    let benchmark = ConvolutionBenchmark(
      model: subject, batch: batch, threads: options.threadCount, direction: direction,
      arithmetics: arithmetics, layers: names, seconds: options.seconds / Double(arithmetics.count),
      isForced: options.force)
    let figures = try benchmark.run { layer in console.note("\(layer.layer): measured") }
    if options.json {
      console.print(try JSONText.of(figures))
      return .done
    }
    for layer in figures.layers {
      console.print(
        "\(layer.layer)  \(layer.shape)\(layer.count > 1 ? "  (\(layer.count) such layers)" : "")")
      console.print(Self.table(layer).text + "\n")
    }
    if !figures.isTrusted { console.print(MachineText.busy) }
    return .done
  }

  private static func table(_ layer: ConvolutionFigures.Layer) -> Table {
    var table = Table("arithmetic", "ms", "GFLOP/s", "of peak", "extra memory", "max error", "kernel")
    for row in layer.results {
      table.add(
        row.arithmetic, MachineText.digits(row.milliseconds, 3), MachineText.digits(row.gigaflops, 1),
        MachineText.percent(row.peakFraction), MachineText.mebibytes(row.extraMemory),
        MachineText.scientific(row.error), row.kernel)
    }
    return table
  }
}
