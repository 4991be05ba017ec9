import AdvGraph
import AdvTensor

extension Convolution: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let names = site.operands.map { file.name($0) }
    file.node("Conv", names, attributes(of: site.types[1].shape), at: site)
  }

  fileprivate func attributes(of weight: Shape) -> [(String, ONNXAttributeValue)] {
    [
      ("dilations", .integers([dilation.height, dilation.width])), ("group", .integer(groups)),
      ("kernel_shape", .integers([weight[2], weight[3]])), ("pads", .integers(padding.onnx)),
      ("strides", .integers([stride.height, stride.width])),
    ]
  }
}

extension ConvolutionInputGradient: ONNXExportable {
  // A stride leaves open how large the input was; the difference is ONNX's output_padding.
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let (forward, padding, weight) = (site.types[0].shape, convolution.padding, site.types[1].shape)
    let extra = [
      input[1] + padding.top + padding.bottom - (forward[1] - 1) * convolution.stride.height
        - (weight[2] - 1) * convolution.dilation.height - 1,
      input[2] + padding.left + padding.right - (forward[2] - 1) * convolution.stride.width
        - (weight[3] - 1) * convolution.dilation.width - 1,
    ]
    let names = site.operands.map { file.name($0) }
    file.node(
      "ConvTranspose", names,
      convolution.attributes(of: weight) + [("output_padding", .integers(extra))], at: site)
  }
}

extension Linear: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let names = site.operands.map { file.name($0) }
    file.node("Gemm", names, [("transB", .integer(1))], at: site)
  }
}

extension BatchNorm: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let names = site.operands.map { file.name($0) }
    file.node("BatchNormalization", names, [("epsilon", .float(Float(epsilon)))], at: site)
  }
}

extension MaxPool: ONNXExportable {
  // A last window that hangs over the end is written as more padding, which every runtime takes alike.
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let (x, y) = (site.types[0].shape, site.resultType.shape)
    var pads = padding
    pads.bottom = max(pads.bottom, (y[1] - 1) * stride.height + window.height - x[1] - pads.top)
    pads.right = max(pads.right, (y[2] - 1) * stride.width + window.width - x[2] - pads.left)
    let attributes = poolAttributes(window, stride, pads)
    file.node("MaxPool", [file.name(site.operands[0])], attributes, at: site)
  }
}

extension AveragePool: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let attributes =
      poolAttributes(window, stride, padding) + [
        ("ceil_mode", .integer(roundsUp ? 1 : 0)), ("count_include_pad", .integer(countsPadding ? 1 : 0)),
      ]
    file.node("AveragePool", [file.name(site.operands[0])], attributes, at: site)
  }
}

extension GlobalAveragePool: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let means = file.node("GlobalAveragePool", [file.name(site.operands[0])], at: site, part: "means")
    file.node("Flatten", [means], at: site)
  }
}

private func poolAttributes(
  _ window: Size2D, _ stride: Size2D, _ padding: Padding2D
) -> [(String, ONNXAttributeValue)] {
  [
    ("kernel_shape", .integers([window.height, window.width])), ("pads", .integers(padding.onnx)),
    ("strides", .integers([stride.height, stride.width])),
  ]
}

extension Padding2D {
  /// ONNX's order: all beginnings, then all ends.
  fileprivate var onnx: [Int] { [top, left, bottom, right] }
}
