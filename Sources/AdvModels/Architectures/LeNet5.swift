import AdvGraph
import AdvSettings
import AdvTensor

/// LeNet-5 — LeCun et al. 1998, "Gradient-based learning applied to document recognition".
///
/// conv 6@5×5, pool, conv 16@5×5, pool, 120, 84, classes. Planes of 28×28 are padded to the paper's 32×32.
/// At 1×28×28 and 10 classes: 61,706 parameters (the paper counts 60,000 with its sparse second layer).
public struct LeNet5: Architecture {
  /// The two forms in use.
  public enum Form: String, Hashable, Sendable {
    /// ReLU and max-pooling.
    case modern
    /// Hyperbolic tangents and average pooling, as in 1998.
    case original
  }

  /// Which non-linearity and pooling.
  public var form: Form
  /// The planes of the first convolution; the other layers are as many times theirs.
  public var width = 6
  /// Rows and columns of zeros around the image before the first convolution; nil pads 28 to 32 and no other.
  public var padding: Int?
  /// The number of logits.
  public var classes = 10
  /// The shape of one image.
  public var inputShape: Shape = [1, 28, 28]

  /// The network on 1×28×28 images.
  public init(form: Form = .modern) { self.form = form }

  /// Records the layers from the image to the logits.
  public func build(_ x: Value, _ w: Weights) -> Value {
    let padding = padding ?? (inputShape[1] == 28 ? 2 : 0)
    var h = subsample(activate(x.conv(w["conv1"], channels: width, kernel: 5, padding: padding)))
    h = subsample(activate(h.conv(w["conv2"], channels: width * 8 / 3, kernel: 5)))
    h = activate(h.flatten().linear(w["fc1"], width * 20))
    return activate(h.linear(w["fc2"], width * 14)).linear(w["fc3"], classes)
  }

  private func activate(_ x: Value) -> Value { form == .modern ? x.relu() : x.tanh() }

  private func subsample(_ x: Value) -> Value {
    form == .modern ? x.maxPool(2, stride: 2) : x.averagePool(2, stride: 2)
  }

  /// What a user may set.
  public static var parameters: [Parameter<LeNet5>] {
    [.int("width", \.width, in: 1...1024, "The planes of the first convolution; the others in proportion.")]
  }

  /// Takes over what the shapes of a checkpoint tell.
  public mutating func adapt(to checkpoint: [String: Shape]) {
    adapt(to: checkpoint, first: "conv1", last: "fc3")
    if let first = checkpoint["conv1.weight"], first.rank == 4 { width = first[0] }
    guard let features = checkpoint["fc1.weight"], features.rank == 2, width * 8 / 3 > 0 else { return }
    // Planes of 5×5 come from 32×32, also when 28×28 is padded to it; planes of 4×4 from bare 28×28.
    switch (features[1] / (width * 8 / 3), inputShape[0]) {
    case (25, 1) where inputShape[1] != 32: (inputShape, padding) = ([1, 28, 28], nil)
    case (25, let channels): (inputShape, padding) = ([channels, 32, 32], nil)
    case (16, let channels): (inputShape, padding) = ([channels, 28, 28], 0)
    default: break
    }
  }
}
