import AdvTensor

/// The losses that an attack can ascend.
public enum LossChoice: String, CaseIterable, Sendable {
  /// −log softmax of the true class (plus that of a target) in Float, as in Goodfellow et al. 2014; its
  /// gradient fails where the softmax rounds to 1.
  case crossEntropy = "cross-entropy"
  /// The same loss without rounding: its gradient keeps its direction for the most confident images.
  case exactCrossEntropy = "exact-cross-entropy"
  /// The lead of the wanted class in logits: Carlini & Wagner 2017.
  case margin
  /// Difference of logits ratio, the margin over the spread of the top logits: Croce & Hein 2020.
  case dlr
}

/// A loss for models of a given number of classes: per image, to be ascended whatever the goal.
///
/// The sign of a targeted goal is handled here and nowhere else. Values and derivatives are per image; a
/// batch's loss is their sum, so that no image's gradient depends on how many others there are.
public struct Loss: Sendable {
  /// What was asked for.
  public let wanted: LossChoice
  /// What is computed: with too few classes for the DLR, the margin.
  public let choice: LossChoice
  /// Why `choice` is not `wanted`; nil where it is.
  public let note: String?
  private let rejected: Int?

  /// A loss for models of `classCount` classes; the DLR needs 3 (4 for a target), below that it is the margin.
  ///
  /// - Parameter rejected: the class that means a refusal, if there is one; see `Criterion.rejected`.
  public init(_ wanted: LossChoice, classCount: Int, goal: Goal, rejected: Int? = nil) {
    let needed = (goal == .untargeted ? 3 : 4) + (rejected == nil ? 0 : 1)
    self.rejected = rejected
    let fallsBack = wanted == .dlr && classCount < needed
    self.wanted = wanted
    choice = fallsBack ? .margin : wanted
    note =
      fallsBack
      ? "the \(goal.rawValue) dlr loss needs \(needed) classes, the model has \(classCount): margin was used"
      : nil
  }

  /// One image's loss from its logits; adds nothing, overwrites `cotangent` with the derivative by the logits.
  ///
  /// Both buffers hold one number per class. O(classes).
  @discardableResult
  public func evaluate(
    _ logits: UnsafeBufferPointer<Float>, _ aim: Aim, cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    guard let rejected else { return plain(logits, aim, cotangent) }
    return Rejection.evaluate(logits, aim, cotangent: cotangent, rejected: rejected) { z, slots in
      plain(z, aim, slots)
    }
  }

  private func plain(
    _ logits: UnsafeBufferPointer<Float>, _ aim: Aim, _ cotangent: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    switch choice {
    case .crossEntropy: CrossEntropy.evaluate(logits, aim, cotangent)
    case .exactCrossEntropy: CrossEntropy.evaluateExactly(logits, aim, cotangent)
    case .margin: Margin.evaluate(logits, aim, cotangent)
    case .dlr: DifferenceOfLogitsRatio.evaluate(logits, aim, cotangent)
    }
  }

  /// All images' losses from logits `[n, classes]`, and their derivatives into `cotangent`, resized to fit.
  public func evaluate(_ logits: Tensor, _ aims: [Aim], into cotangent: inout Tensor) -> [Float] {
    precondition(logits.rowCount == aims.count, "\(aims.count) aims for logits \(logits.shape)")
    var losses: [Float] = []
    evaluate(logits, aim: { aims[$0] }, into: &cotangent, &losses)
    return losses
  }

  /// The same into buffers that are kept from step to step: nothing is allocated where they fit already.
  func evaluate(
    _ logits: Tensor, aim: (Int) -> Aim, into cotangent: inout Tensor, _ losses: inout [Float]
  ) {
    let (images, classes) = (logits.rowCount, logits.rowStride)
    cotangent.resize(to: logits.shape)
    if losses.count != images { losses = Array(repeating: 0, count: images) }
    logits.withElements { z in
      cotangent.withMutableElements { slots in
        for image in 0..<images {
          let range = image * classes..<(image + 1) * classes
          losses[image] = evaluate(
            UnsafeBufferPointer(rebasing: z[range]), aim(image),
            cotangent: UnsafeMutableBufferPointer(rebasing: slots[range]))
        }
      }
    }
  }
}

/// Losses and their gradient at a batch of points; the buffers are reused from step to step.
public struct LossGradient: Sendable {
  /// The logits `[n, classes]`.
  public var logits = Tensor([0])
  /// The derivative of the summed losses by the logits `[n, classes]`.
  public var cotangent = Tensor([0])
  /// The derivative of the summed losses by the images `[n, C, H, W]`.
  public var gradient = Tensor([0])
  /// The loss of every image.
  public var losses: [Float] = []

  /// Empty buffers.
  public init() {}
}

extension GradientOracle {
  /// The losses of `images` `[n, C, H, W]`, to be ascended, and the gradient of their sum.
  ///
  /// Throws for logits that are NaN or infinite; the image is then named by its position.
  public func lossGradient(
    at images: Tensor, _ choice: LossChoice, _ criterion: Criterion, into result: inout LossGradient
  ) throws(ThreatError) {
    guard criterion.labels.count == images.rowCount else {
      throw .mismatch(what: "labels", got: "\(criterion.labels.count)", expected: "\(images.rowCount)")
    }
    try linearize(at: images, logits: &result.logits)
    if let row = result.logits.firstRowNotFinite { throw .notFinite(what: "logits", image: UInt64(row)) }
    let loss = Loss(
      choice, classCount: classCount, goal: criterion.goal, rejected: criterion.rejected)
    loss.evaluate(
      result.logits, aim: { criterion.aim($0) }, into: &result.cotangent, &result.losses)
    try pullback(result.cotangent, into: &result.gradient)
  }

  /// The losses of `images` and the gradient of their sum, in fresh buffers.
  public func lossGradient(
    at images: Tensor, _ choice: LossChoice, _ criterion: Criterion
  ) throws(ThreatError) -> LossGradient {
    var result = LossGradient()
    try lossGradient(at: images, choice, criterion, into: &result)
    return result
  }
}

extension Tensor {
  /// The first row with a NaN or an infinity, if any. O(elements).
  public var firstRowNotFinite: Int? {
    let stride = rowStride
    return withElements { $0.firstIndex { !$0.isFinite } }.map { $0 / stride }
  }
}
