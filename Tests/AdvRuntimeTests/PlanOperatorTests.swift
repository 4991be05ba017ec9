import AdvConformance
import AdvGraph
import AdvRuntime
import AdvTensor
import Testing

/// Every operator of the table, as a plan, is what the interpreter says it is.
@Suite struct PlanOperatorTests {
  static let sets = InstructionSet.allCases.filter(\.isSupported)

  @Test(arguments: sets)
  func `every operator with frozen weights agrees with its definition`(_ set: InstructionSet) {
    #expect(OperatorCases.all.flatMap { checkPlan(of: $0, isFrozen: true, on: set) } == [])
  }

  @Test(arguments: sets)
  func `every operator with weights that change agrees with its definition`(_ set: InstructionSet) {
    #expect(OperatorCases.all.flatMap { checkPlan(of: $0, isFrozen: false, on: set) } == [])
  }

  @Test(arguments: sets, PlanCases.all)
  func `larger shapes agree too`(_ set: InstructionSet, _ subject: OperatorCase) {
    #expect(checkPlan(of: subject, images: [1, 9], isFrozen: true, on: set) == [])
    #expect(checkPlan(of: subject, images: [9], isFrozen: false, on: set) == [])
  }
}

/// Operands that fill more than one block of 16 channels, and sizes that leave a rest.
enum PlanCases {
  static let all: [OperatorCase] = convolutions + others

  private static let convolutions: [OperatorCase] = [
    convolution([20, 9, 7], out: 33, kernel: Size2D(3), padding: 1),
    convolution([32, 8, 8], out: 48, kernel: Size2D(3), stride: 2, padding: 1),
    convolution([17, 7, 9], out: 16, kernel: Size2D(5), stride: 3, padding: 2),
    convolution([16, 6, 6], out: 40, kernel: Size2D(1), stride: 2, padding: 0),
    convolution([16, 9, 9], out: 16, kernel: Size2D(3), padding: 2, dilation: 2),
    convolution([3, 12, 11], out: 20, kernel: Size2D(7), stride: 2, padding: 3),
    convolution([1, 9, 9], out: 6, kernel: Size2D(5), padding: 0),
    convolution([32, 5, 5], out: 32, kernel: Size2D(3), padding: 1, groups: 2),
    convolution([20, 5, 6], out: 20, kernel: Size2D(3), padding: 1, groups: 20),
    convolution([12, 5, 5], out: 8, kernel: Size2D(3), padding: 1, groups: 4),
    convolution([18, 6, 8], out: 20, kernel: Size2D(1, 7), padding: 3),
  ]

  private static func convolution(
    _ input: Shape, out: Int, kernel: Size2D, stride: Int = 1, padding: Int, dilation: Int = 1,
    groups: Int = 1
  ) -> OperatorCase {
    let operation = Convolution(
      stride: Size2D(stride), padding: Padding2D(min(padding, kernel.height - 1), padding),
      dilation: Size2D(dilation), groups: groups)
    let weight: Shape = [out, input[0] / groups, kernel.height, kernel.width]
    return OperatorCase(operation, [.image(input), .shared(weight), .shared([out])])
  }

  private static let others: [OperatorCase] = [
    OperatorCase(Add(), [.image([20, 5, 3]), .image([20, 5, 3])]),
    OperatorCase(ReLU(), [.image([33, 4, 5], .awayFrom([0]))]),
    OperatorCase(
      MaxPool(window: Size2D(3), stride: Size2D(2), padding: Padding2D(1)), [.image([20, 9, 8], .distinct)]),
    OperatorCase(
      AveragePool(window: Size2D(3), stride: Size2D(2), padding: Padding2D(1), countsPadding: false),
      [.image([20, 9, 8])]),
    OperatorCase(GlobalAveragePool(), [.image([33, 5, 4])]),
    OperatorCase(Concat(axis: 0), [.image([20, 3, 4]), .image([7, 3, 4]), .image([16, 3, 4])]),
    OperatorCase(Slice(starts: [3, 1, 0], ends: [30, 4, 5]), [.image([33, 5, 6])]),
    OperatorCase(Slice(starts: [16, 0, 1], ends: [33, 5, 6], strides: [1, 2, 3]), [.image([33, 5, 6])]),
    OperatorCase(Pad(before: [8, 1, 0], after: [8, 0, 2]), [.image([16, 3, 4])]),
    OperatorCase(Reshape(shape: [20 * 12]), [.image([20, 3, 4])]),
    OperatorCase(Reshape(shape: [20, 3, 4]), [.image([240])]),
    OperatorCase(Linear(), [.image([77]), .shared([35, 77]), .shared([35])]),
    OperatorCase(ScaleShift(), [.image([20, 3, 4]), .shared([20]), .shared([20])]),
  ]
}
