import AdvTensor

/// The weakest view of a classifier: which class it names.
///
/// Oracles answer for a batch of images `[n, C, H, W]` with pixels in the domain's box. They serve one
/// worker at a time. The answer for an image must not depend on its neighbours in the batch.
public protocol LabelOracle: AnyObject {
  /// The images that the model accepts.
  var domain: InputDomain { get }
  /// The number of classes, at least 2; a binary model with one logit z presents the logits [0, z].
  var classCount: Int { get }
  /// The class by which the model refuses an image, its last; nil for a model that answers always.
  ///
  /// It has no default, because an oracle in front of another one would lose the refusal by it: see `WrappingOracle`.
  var rejectedClass: Int? { get }
  /// The predicted class of every image; of equal logits the first.
  func labels(_ images: Tensor) throws(ThreatError) -> [Int]
}

/// A classifier that also tells its logits.
public protocol ScoreOracle: LabelOracle {
  /// Writes the logits `[n, classCount]` of `[n, C, H, W]`; `logits` is resized only when its shape differs.
  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError)
}

/// A classifier that can be differentiated with respect to its input.
public protocol GradientOracle: ScoreOracle {
  /// A forward pass that keeps what `pullback` needs until the next call of `linearize`.
  ///
  /// Writes the logits `[n, classCount]` of `[n, C, H, W]`; `logits` is resized only when its shape differs.
  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError)

  /// Σ cotangent · ∂logits/∂images at the images of the last `linearize`; may be called any number of times.
  ///
  /// Takes `[n, classCount]`, writes `[n, C, H, W]`; `gradient` is resized only when its shape differs.
  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError)
}

/// Whose random numbers a model with random parts uses.
public enum Draw: Hashable, Sendable {
  /// Those of an attacker, who draws for itself, by number.
  case search(Int)
  /// Those of record, on which verdicts rest.
  case verdict
}

/// A model that answers searches and verdicts differently: one with random parts, such as a defence that adds
/// noise, or one whose defence the attacker does not know.
///
/// Its random numbers are a function of its own seed, the image's id and the draw: the same whichever images
/// share the batch, and at every step of an attack. Before each forward pass the caller says which rows it sends
/// and which draw they get; a pullback belongs to the draw of its linearisation.
public protocol RandomizedOracle: GradientOracle {
  /// Until the next call, row i is the image of `ids[i]` with its random numbers of this draw.
  func fix(_ draw: Draw, of ids: [UInt64])
}

/// A model without random parts whose searches may round as they like, while its verdicts are exact.
public protocol TwofoldOracle: GradientOracle {
  /// What the next calls of `logits` are for; exact until the first call.
  func fix(_ draw: Draw)
}

extension LabelOracle {
  /// Tells what the next passes are for, and a random model which images their rows are.
  ///
  /// The word goes through wrappers to the model behind them.
  public func announce(_ draw: Draw, of ids: @autoclosure () -> [UInt64]) {
    if let random = self as? any RandomizedOracle {
      random.fix(draw, of: ids())
    } else if let twofold = self as? any TwofoldOracle {
      twofold.fix(draw)
    } else if let wrapper = self as? any WrappingOracle {
      wrapper.wrapped.announce(draw, of: ids())
    }
  }
}

extension ScoreOracle {
  /// The logits `[n, classCount]` on which verdicts about the images `[n, C, H, W]` of these ids rest.
  public func verdictLogits(_ images: Tensor, of ids: [UInt64]) throws(ThreatError) -> Tensor {
    announce(.verdict, of: ids)
    return try logits(images)
  }

  /// The logits `[n, classCount]` of `[n, C, H, W]`.
  public func logits(_ images: Tensor) throws(ThreatError) -> Tensor {
    var result = Tensor([0, classCount])
    try logits(images, into: &result)
    return result
  }

  /// The first class with the largest logit, per image.
  public func labels(_ images: Tensor) throws(ThreatError) -> [Int] {
    predictions(try logits(images))
  }

  /// The first class with the largest logit in every row of `[n, classCount]`.
  public func predictions(_ scores: Tensor) -> [Int] {
    scores.withElements { z in
      (0..<scores.rowCount).map { row in
        argmax(UnsafeBufferPointer(rebasing: z[row * classCount..<(row + 1) * classCount]))
      }
    }
  }
}

extension GradientOracle {
  /// The pulled back cotangent `[n, C, H, W]`; see the requirement of the same name.
  public func pullback(_ cotangent: Tensor) throws(ThreatError) -> Tensor {
    var gradient = Tensor([0])
    try pullback(cotangent, into: &gradient)
    return gradient
  }

  /// The gradient `[n, C, H, W]` of one class's logit, the same class for every image.
  public func logitGradient(of label: Int, at images: Tensor) throws(ThreatError) -> Tensor {
    guard label >= 0, label < classCount else {
      throw .mismatch(what: "class", got: "\(label)", expected: "0…\(classCount - 1)")
    }
    var scores = Tensor([0, classCount])
    try linearize(at: images, logits: &scores)
    var cotangent = Tensor([images.rowCount, classCount])
    for row in 0..<images.rowCount { cotangent[row * classCount + label] = 1 }
    return try pullback(cotangent)
  }
}

extension Tensor {
  /// Gives a result buffer this shape; memory is taken only when the shape differs, elements are then unset.
  public mutating func resize(to wanted: Shape) {
    if shape != wanted { self = Tensor(wanted) }
  }
}

/// The first position of the largest element; NaN never wins over a number.
func argmax(_ values: UnsafeBufferPointer<Float>) -> Int {
  var best = 0
  for index in values.indices where values[index] > values[best] || values[best].isNaN { best = index }
  return best
}
