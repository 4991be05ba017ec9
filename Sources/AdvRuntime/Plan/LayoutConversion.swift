import AdvGraph

extension Lowering {
  /// A copy of a node's value that serves the demand.
  mutating func convert(_ id: NodeID, to demand: Demand) -> SlotID {
    preconditionFailure("no layout but plain yet")
  }

  /// Copies a value into a slot of another layout.
  mutating func convert(_ source: SlotID, to target: SlotID) {
    preconditionFailure("no layout but plain yet")
  }
}
