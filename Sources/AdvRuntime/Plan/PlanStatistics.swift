/// What a plan does for one image and what memory it needs, counted from the graph.
public struct PlanStatistics: Sendable, Hashable {
  /// Floating-point operations of convolutions and linear layers in the forward pass (a multiply–add is 2).
  public var forwardOperations = 0
  /// The same for the backward pass.
  public var backwardOperations = 0
  /// Bytes of activations for each image that a worker has in hand.
  public var arenaBytesPerImage = 0
  /// Bytes of activations for each worker, however many images it has in hand.
  public var stretchBytes = 0
  /// Bytes kept from the forward pass for each image of the batch.
  public var savedBytesPerImage = 0
  /// Bytes of packed weights and other constants.
  public var weightBytes = 0
  /// Steps that run through `Operator.evaluate`, without a kernel.
  public var interpretedSteps = 0
  /// All steps.
  public var steps = 0
}
