extension Graph {
  /// This graph for inference: what reads a dropout reads its operand instead. O(nodes).
  public func removingDropout() -> Graph {
    guard nodes.contains(where: { $0.operation is Dropout }) else { return self }
    var rewrite = Rewrite(of: self)
    for (id, node) in nodes.enumerated() {
      if node.operation is Dropout {
        rewrite.replace(id, by: rewrite[node.operands[0]])
      } else {
        rewrite.copy(node, id)
      }
    }
    return rewrite.finished(self)
  }
}
