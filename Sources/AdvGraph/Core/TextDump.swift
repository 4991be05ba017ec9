extension Graph: CustomStringConvertible {
  /// One line for each node: `%7 = convolution(stride: 2×2) %0, %5 : n×[64, 56, 56]  conv1`.
  public var description: String {
    var lines = nodes.enumerated().map { id, node in
      "%\(id) = \(Self.text(of: node.source)) : \(node.type)" + (node.path.isEmpty ? "" : "  \(node.path)")
    }
    lines.append("return " + outputs.map { "%\($0)" }.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  private static func text(of source: Node.Source) -> String {
    switch source {
    case .input(let name): "input '\(name)'"
    case .parameter(let name, let role): "parameter '\(name)' (\(role.rawValue))"
    case .constant: "constant"
    case .operation(let operation, let operands):
      "\(operation.text) " + operands.map { "%\($0)" }.joined(separator: ", ")
    }
  }
}

extension Operator {
  /// Name and stored attributes, as they are printed: `convolution(stride: 2×2, groups: 1)`.
  public var text: String {
    let attributes = Mirror(reflecting: self).children.compactMap { child in
      child.label.map { "\($0): \(child.value)" }
    }
    return Self.name + (attributes.isEmpty ? "" : "(\(attributes.joined(separator: ", ")))")
  }
}
