import AdvGraph
import AdvSettings
import AdvTensor

/// AlphaGo's policy network — Silver et al. 2016, "Mastering the game of Go with deep neural networks and tree
/// search", Methods: 48 planes of a 19×19 board to one logit for each point.
///
/// A 5×5 convolution, eleven of 3×3, one of 1×1 with a single filter and a bias for each point. With 192
/// filters: 3,882,793 parameters.
public struct AlphaGoPolicy: Architecture {
  /// The channels of the hidden layers.  k
  public var filters = 192
  /// The number of logits: the board's points.
  public var classes = 361
  /// The shape of one position.
  public var inputShape: Shape = [48, 19, 19]

  /// The network of the match version.
  public init() {}

  /// Records the layers from the planes to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    var h = x.conv(w["conv1"], channels: filters, kernel: 5, padding: 2).relu()
    for layer in 2...12 { h = h.conv(w["conv\(layer)"], channels: filters, kernel: 3, padding: 1).relu() }
    h = h.conv(w["conv13"], channels: 1, kernel: 1, bias: false).flatten()
    return h + w["conv13"].parameter("bias", [classes], .bias)
  }

  /// What a user may set.
  public static var parameters: [Parameter<AlphaGoPolicy>] {
    [.int("width", \.filters, in: 1...4096, "The channels of the hidden layers.")]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    guard let shape = checkpoint["conv1.weight"], shape.rank == 4 else { return }
    (filters, inputShape) = (shape[0], [shape[1], inputShape[1], inputShape[2]])
  }
}
