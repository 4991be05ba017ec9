import AdvGraph
import AdvTensor

// A convolution costs one multiply–add for each output and each weight that reaches it, in every direction.

extension FusedConvolution: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * result.shape.elementCount * operands[1].shape.droppingFirst().elementCount
  }
}

extension FusedConvolutionInputGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[0].shape.elementCount * operands[1].shape.droppingFirst().elementCount
  }
}

extension ConvolutionWeightGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[1].shape.elementCount * result.shape.droppingFirst().elementCount
  }
}

extension Linear: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[1].shape.elementCount
  }
}

extension LinearInputGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * operands[1].shape.elementCount
  }
}

extension LinearWeightGradient: CountsOperations {
  func operations(of operands: [TensorType], into result: TensorType) -> Int {
    2 * result.shape.elementCount
  }
}
