import AdvGraph
import AdvTensor

// ONNX counts the batch as axis 0: the axes of an image come one later.

extension Reshape: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let target = file.integers([-1] + shape.dimensions, site)
    file.node("Reshape", [file.name(site.operands[0]), target], at: site)
  }
}

extension Transpose: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let order = [0] + axes.map { $0 + 1 }
    file.node("Transpose", [file.name(site.operands[0])], [("perm", .integers(order))], at: site)
  }
}

extension Expand: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let target = file.integers([1] + shape.dimensions, site)
    file.node("Expand", [file.name(site.operands[0]), target], at: site)
  }
}

extension SumRepetitions: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let source = site.types[0].shape
    let axes = source.dimensions.indices.filter { source[$0] != shape[$0] }.map { $0 + 1 }
    let x = file.name(site.operands[0])
    if axes.isEmpty {
      file.node("Identity", [x], at: site)
    } else {
      file.node("ReduceSum", [x, file.integers(axes, site)], [("keepdims", .integer(1))], at: site)
    }
  }
}

extension Concat: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    // A constant part is one for all images; ONNX joins only what has the same batch.
    let names = zip(site.operands, site.types).map { id, type in
      type.multiplicity == .perImage ? file.name(id) : repeated(id, type.shape, site, &file)
    }
    file.node("Concat", names, [("axis", .integer(axis + 1))], at: site)
  }

  /// A constant once for each image: added to a multiple of nothing that has the batch.
  private func repeated(
    _ id: NodeID, _ shape: Shape, _ site: ONNXSite, _ file: inout ONNXGraphWriter
  ) -> String {
    guard let image = zip(site.operands, site.types).first(where: { $0.1.multiplicity == .perImage }) else {
      preconditionFailure("a concatenation of constants is folded")
    }
    let extents = file.node("Shape", [file.name(image.0)], [("end", .integer(1))], at: site, part: "batch")
    let rest = file.integers(shape.dimensions, site)
    let target = file.node("Concat", [extents, rest], [("axis", .integer(0))], at: site, part: "shape")
    return file.node("Expand", [file.name(id), target], at: site, part: "repeated")
  }
}

extension Pad: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let pads = file.integers([0] + before + [0] + after, site)
    let border = value == 0 ? [] : [file.scalar(value, site)]
    file.node("Pad", [file.name(site.operands[0]), pads] + border, at: site)
  }
}

extension Slice: ONNXExportable {
  func export(_ site: ONNXSite, to file: inout ONNXGraphWriter) {
    let axes = Array(1...max(starts.count, 1))
    let bounds = [starts, ends, axes, strides].map { file.integers($0, site) }
    file.node("Slice", [file.name(site.operands[0])] + bounds, at: site)
  }
}
