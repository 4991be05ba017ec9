import AdvGraph
import AdvTensor

/// One convolution in one arithmetic, forward and backward, to be timed and compared with Double.
public struct ConvolutionTrial {
  /// Floating-point operations for one image and direction, as a direct convolution needs them.
  public let operations: Int
  /// Bytes beyond image, result and plain weights: scratch memory of all threads, and what weights became.
  public let extraBytes: Int
  private let session: Session
  private let weight: Tensor
  private let problem: ConvolutionProblem
  private let x, dy, y, dx: Tensor

  /// Runs random images `[batch] + input` forward and a random cotangent backward once.
  public init(
    _ convolution: Convolution, weight: Tensor, input: Shape, arithmetic: Arithmetic, batch: Int,
    pool: WorkerPool
  ) throws {
    let builder = GraphBuilder()
    let image = builder.input("x", TensorType(input))
    let kernel = builder.parameter("w", weight.shape, .convolutionWeight)
    var graph = try builder.finish([builder.apply(convolution, to: [image, kernel])]).binding(["w": weight])
    let output = graph.nodes[graph.outputs[0]].type.shape
    graph = graph.computing(in: arithmetic)
    graph = try graph.differentiated(graph.outputs[0], toward: [graph.inputs[0].id])
    let plan = try Plan(graph, precision: arithmetic == .winograd ? .fast : .exact)
    session = Session(plan, pool: pool)
    operations = 2 * output.elementCount * weight.shape.droppingFirst().elementCount
    extraBytes = plan.arenas.worker * pool.threads + max(plan.constants.bytes - weight.count * 4, 0)
    self.weight = weight
    problem = ConvolutionProblem(convolution, weight: weight.shape, input: input, output: output)
    (x, dy) = (Self.noise(input.prepending(batch), 1), Self.noise(output.prepending(batch), 2))
    var (y, dx) = (Tensor([0]), Tensor([0]))
    try session.forward(x, into: &y)
    try session.backward(dy, into: &dx)
    (self.y, self.dx) = (y, dx)
  }

  /// What computes it, in the words of the plan.
  public func kernel(isBackward: Bool) -> String { session.textOfConvolutions(isBackward: isBackward) }

  /// Runs the kernel of one direction once for the whole batch, without changes of layout before and after.
  public func repeatKernel(isBackward: Bool) {
    session.rerunConvolutions(images: x.rowCount, isBackward: isBackward)
  }

  /// The largest error of the first image's result, over its largest element; the reference is computed and
  /// kept in Double. 0 without images.
  public func error(isBackward: Bool) -> Double {
    guard x.rowCount > 0 else { return 0 }
    let reference = DoubleConvolution(problem: problem)
    let (operand, result) = isBackward ? (dy, dx) : (x, y)
    let prepared = UnsafeMutableRawPointer.allocate(byteCount: reference.preparedBytes, alignment: 64)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: reference.scratchBytes, alignment: 64)
    defer {
      prepared.deallocate()
      scratch.deallocate()
    }
    var (worst, peak) = (0.0, 0.0)
    let (from, to) = (operand.rowStride / problem.groups, result.rowStride / problem.groups)
    for group in 0..<problem.groups {
      weight.withElements {
        reference.prepare($0.baseAddress! + group * problem.weightCount, group: group, into: prepared)
      }
      let exact = operand.withElements { elements in
        let own = elements.baseAddress! + group * from
        return isBackward
          ? reference.exactInputGradient(own, prepared, scratch)
          : reference.exactForward(own, prepared, scratch)
      }
      result.withElements { elements in
        for index in 0..<to {
          worst = max(worst, abs(Double(elements[group * to + index]) - exact[index]))
          peak = max(peak, abs(exact[index]))
        }
      }
    }
    return peak > 0 ? worst / peak : worst
  }

  private static func noise(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in stream.uniform(-1, 1) })
  }
}
