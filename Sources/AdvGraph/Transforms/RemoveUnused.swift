extension Graph {
  /// This graph without the nodes that no output needs: other transforms may leave such nodes behind, and a
  /// run would compute them.
  ///
  /// Inputs stay, since they are the signature that callers rely on. O(nodes + operands).
  public func removingUnused() -> Graph {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for output in outputs { isNeeded[output] = true }
    for (id, node) in nodes.enumerated().reversed() {
      if case .input = node.source { isNeeded[id] = true }
      if isNeeded[id] { for operand in node.operands { isNeeded[operand] = true } }
    }
    var rewrite = Rewrite(of: self)
    for (id, node) in nodes.enumerated() where isNeeded[id] { rewrite.copy(node, id) }
    return rewrite.finished(self)
  }
}
