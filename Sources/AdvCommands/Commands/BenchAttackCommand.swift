import AdvAttacks
import AdvModels
import AdvRuntime
import AdvTensor
import AdvThreat
import ArgumentParser

/// `advkit bench attack`: an attack from the first image to the last candidate, without files.
struct BenchAttackCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Time an attack on images in memory, and count its passes.",
    discussion: """
      advkit bench attack --model resnet20 --attack pgd:steps=40 --eps 8/255 --limit 256

      Random images unless --dataset or --images are given; the label of an image is what the model says about
      it. Broken images leave the batch: --full-length keeps all to the last step.
      """)

  @Option(help: ArgumentHelp("A name from `advkit models`, or a checkpoint.", valueName: "model"))
  var model: String
  @Option(help: ArgumentHelp("name[:key=value,…] (see `advkit attacks`).", valueName: "attack"))
  var attack = "pgd:steps=40"
  @Option(help: ArgumentHelp("Radius: 0.007, 8/255 or 2px.", valueName: "eps")) var eps = "8/255"
  @Option(help: ArgumentHelp("linf, l2, l1 or l0.", valueName: "norm")) var norm = "linf"
  @Option(help: ArgumentHelp("Images at once, of each thread.", valueName: "n")) var batch = 32
  @Option(help: ArgumentHelp("Side of the images.", valueName: "n")) var size: Int?
  @Option(help: "The arithmetic of gradients: exact sums, fast as in searches, or bf16.")
  var precision: Precision = .fast
  @Flag(help: "Let no image leave before the last step.") var fullLength = false
  @OptionGroup(title: "Images") var data: DataOptions
  @OptionGroup var options: BenchOptions

  func validate() throws { try BenchOptions.check(batch: batch) }

  func execute(on console: Console) throws -> ExitStatus {
    let epsilon = try Epsilon(eps, norm: try Lists.choice(norm, option: "--norm"))
    let configured = try AttackCatalog.attack(attack)
    let subject = try AnyModel.load(ModelRequest(model), inputSize: size)
    let figures = try AttackBenchmark(
      model: subject, attack: configured, ball: epsilon.ball, images: try images(for: subject), batch: batch,
      threads: options.threadCount, precision: precision, isFullLength: fullLength, isForced: options.force
    ).run(seconds: options.seconds)
    if options.json {
      console.print(try JSONText.of(figures))
      return .done
    }
    let digits = MachineText.digits
    console.print(
      """
      \(model) \(figures.size)×\(figures.size), \(attack), eps \(epsilon.text), \(figures.images) images in \
      batches of \(batch), \(options.threadText), \(figures.precision), \(figures.isa)
        \(digits(figures.imagesPerSecond, 1)) images per second, \(digits(figures.seconds, 3)) s in all, \
      \(figures.broken) broken
        \(figures.forwardImages) forward and \(figures.backwardImages) backward passes of an image; \
      \(digits(100 * figures.outsideFraction, 1)) % of the time outside the network
        \(MachineText.mebibytes(figures.peakMemory)) at most in this process
      """)
    if !figures.isTrusted { console.print(MachineText.busy) }
    return .done
  }

  /// `[n, C, H, W]`: those of the data set, or random ones.
  private func images(for model: Model) throws -> Tensor {
    guard data.dataset == nil && data.images.isEmpty else {
      let source = try data.source(for: model)
      let images = try (0..<source.count).map { try source.image($0) }
      return Tensor.stacking(images, rowShape: model.inputShape)
    }
    var stream = RandomStream(seed: 0)
    let shape = model.inputShape.prepending(data.limit ?? 64)
    return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform() })
  }
}
