import ArgumentParser

/// Which network, with which weights and preprocessing.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A name from `advkit models`, or a checkpoint: .safetensors, .pth, .pt, .th.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("A checkpoint for the named architecture.", valueName: "file"))
  var weights: String?

  @Option(help: ArgumentHelp("The architecture, where the checkpoint does not say.", valueName: "name"))
  var arch: String?

  @Option(help: ArgumentHelp("Mean of each channel, in pixels 0…1: a,b,c.", valueName: "list"))
  var mean: String?

  @Option(help: ArgumentHelp("Standard deviation of each channel: a,b,c.", valueName: "list"))
  var std: String?

  @Option(help: ArgumentHelp("A file with one class name per line.", valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("Side of the square that the network sees.", valueName: "n"))
  var inputSize: Int?

  @Option(help: ArgumentHelp("Scale the shorter side of a photograph to this length first.", valueName: "n"))
  var resize: Int?

  @Option(help: ArgumentHelp("Then cut a centred square of this side.", valueName: "n"))
  var crop: Int?
}
