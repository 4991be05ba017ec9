import AdvGraph

/// What turns a node into nodes of the graph, or into a constant: the results, in order.
typealias ONNXImport =
  @Sendable (_ node: inout ONNXNodeReader, _ graph: inout ONNXRecorder) throws(ONNXProblem)
  -> [ONNXOperand]

/// The standard operators that are imported, one line each.
enum ONNXOperators {
  static let all: [String: ONNXImport] = [
    "Add": elementwise(.add),
    "AveragePool": averagePool,
    "BatchNormalization": batchNormalization,
    "Cast": cast,
    "Clip": clip,
    "Concat": concat,
    "Constant": constant,
    "ConstantOfShape": constantOfShape,
    "Conv": convolution,
    "ConvTranspose": transposedConvolution,
    "Div": elementwise(.divide),
    "Dropout": dropout,
    "Flatten": flatten,
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": globalAveragePool,
    "GlobalMaxPool": globalMaxPool,
    "HardSigmoid": hardSigmoid,
    "HardSwish": hardSwish,
    "Identity": identity,
    "LRN": localResponseNormalization,
    "LeakyRelu": leakyReLU,
    "LogSoftmax": logSoftmax,
    "MatMul": matrixProduct,
    "MaxPool": maxPool,
    "Mul": elementwise(.multiply),
    "Neg": negate,
    "Pad": pad,
    "Pow": power,
    "Reciprocal": pointwise(ScaledPower(-1)),
    "ReduceMean": reduceMean,
    "ReduceSum": reduceSum,
    "Relu": pointwise(ReLU()),
    "Reshape": reshape,
    "Shape": shape,
    "Sigmoid": pointwise(Sigmoid()),
    "Slice": slice,
    "Softmax": softmax,
    "Split": split,
    "Sqrt": pointwise(ScaledPower(0.5)),
    "Squeeze": squeeze,
    "Sub": elementwise(.subtract),
    "Sum": sum,
    "Tanh": pointwise(Tanh()),
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
  ]
}
