import AdvGraph
import AdvModels
import AdvRuntime
import AdvTensor

/// The figures of `advkit bench conv`.
struct ConvolutionFigures: Encodable {
  /// One layer in one arithmetic.
  struct Entry: Encodable {
    let arithmetic: String
    /// What the plan ran: layers that an algorithm does not fit fall back to the direct kernel.
    let kernel: String
    let milliseconds, gigaflops, peakFraction: Double
    /// Bytes beyond image, result and plain weights, for the whole batch.
    let extraMemory: Int
    /// The largest error against Double, relative to the largest element.
    let error: Double

    enum CodingKeys: String, CodingKey {
      case arithmetic, kernel, milliseconds = "ms", gigaflops = "gflops", error = "max_error"
      case peakFraction = "peak_fraction"
      case extraMemory = "extra_memory_bytes"
    }
  }

  /// A layer with the figures of all arithmetics.
  struct Layer: Encodable {
    let layer, shape: String
    /// How many layers of the network are like this one.
    let count: Int
    let results: [Entry]
  }

  let model: String
  let batch, threads: Int
  let direction, isa: String
  let probe: ProbePair
  let isTrusted: Bool
  let layers: [Layer]

  enum CodingKeys: String, CodingKey {
    case model, batch, threads, direction, isa, probe, layers
    case isTrusted = "trusted"
  }
}

/// The convolutions of a network, each timed alone in every arithmetic.
struct ConvolutionBenchmark {
  /// Which way the layers are run.
  enum Direction: String, CaseIterable, Sendable { case forward, backward }

  var model: Model
  var batch: Int
  var threads: Int
  var direction: Direction
  var arithmetics: [Arithmetic]
  /// Part of the paths of the layers wanted; empty for all.
  var layers: [String]
  /// Seconds for each layer and arithmetic.
  var seconds: Double
  var isForced: Bool

  func run(_ progress: (ConvolutionFigures.Layer) -> Void) throws -> ConvolutionFigures {
    let subjects = try ConvolutionLayer.distinct(in: try model.boundGraph()).filter { layer in
      layers.isEmpty || layers.contains { layer.path.contains($0) }
    }
    guard !subjects.isEmpty else {
      throw InputError(
        "no convolution of '\(model.name)' has \(layers.joined(separator: " or ")) in its name.\n"
          + "  `advkit inspect --model \(model.name)` lists the layers.")
    }
    let pool = WorkerPool(threads: threads)
    let peak = MachineProbe(threads: threads).allThreads
    let (results, probe) = try ProbePair.around(threads: threads) {
      try subjects.map { subject in
        let entries = try arithmetics.map { try measure(subject, $0, pool, peak: peak) }
        let layer = ConvolutionFigures.Layer(
          layer: subject.path, shape: subject.text, count: subject.count, results: entries)
        progress(layer)
        return layer
      }
    }
    try probe.require(evenIfBusy: isForced)
    return ConvolutionFigures(
      model: model.name, batch: batch, threads: threads, direction: direction.rawValue,
      isa: InstructionSet.selected.rawValue, probe: probe, isTrusted: probe.isQuiet, layers: results)
  }

  private func measure(
    _ layer: ConvolutionLayer, _ arithmetic: Arithmetic, _ pool: WorkerPool, peak: Double
  ) throws -> ConvolutionFigures.Entry {
    let trial = try ConvolutionTrial(
      layer.convolution, weight: layer.weight, input: layer.input, arithmetic: arithmetic, batch: batch,
      pool: pool)
    let isBackward = direction == .backward
    for _ in 0..<2 { trial.repeatKernel(isBackward: isBackward) }
    let times = Stopwatch.repeated(for: seconds, atLeast: 3) { trial.repeatKernel(isBackward: isBackward) }
    let time = Stopwatch.median(times)
    let gigaflops = Double(trial.operations * batch) / time / 1e9
    return ConvolutionFigures.Entry(
      arithmetic: arithmetic.rawValue, kernel: trial.kernel(isBackward: isBackward),
      milliseconds: time * 1e3, gigaflops: gigaflops, peakFraction: gigaflops / peak,
      extraMemory: trial.extraBytes, error: trial.error(isBackward: isBackward))
  }
}

/// A convolution of a network, with the number of those that are like it.
private struct ConvolutionLayer {
  let path: String
  let convolution: Convolution
  let input, output: Shape
  let weight: Tensor
  var count = 1

  /// `64×56×56 → 128×28×28, 3×3 stride 2`.
  var text: String {
    let sizes = { (shape: Shape) in shape.dimensions.map(String.init).joined(separator: "×") }
    let (kernel, stride) = (weight.shape, convolution.stride)
    return "\(sizes(input)) → \(sizes(output)), \(kernel[2])×\(kernel[3])"
      + (max(stride.height, stride.width) > 1 ? " stride \(stride.height)" : "")
      + (max(convolution.dilation.height, convolution.dilation.width) > 1
        ? " dilation \(convolution.dilation.height)" : "")
      + (convolution.groups > 1 ? " groups \(convolution.groups)" : "")
  }

  /// The convolutions of a graph in order, equal ones once.
  static func distinct(in graph: Graph) throws -> [ConvolutionLayer] {
    var result: [ConvolutionLayer] = []
    for node in graph.nodes {
      guard case .operation(let operation, let operands) = node.source,
        let convolution = operation as? Convolution,
        case .constant(let weight) = graph.nodes[operands[1]].source
      else { continue }
      let input = graph.nodes[operands[0]].type.shape
      let known = result.firstIndex {
        $0.convolution == convolution && $0.input == input && $0.weight.shape == weight.shape
      }
      if let known {
        result[known].count += 1
      } else {
        result.append(
          ConvolutionLayer(
            path: node.path, convolution: convolution, input: input, output: node.type.shape, weight: weight))
      }
    }
    return result
  }
}
