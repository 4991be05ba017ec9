import AdvTensor

/// What an attack is after.
public enum Goal: String, CaseIterable, Sendable {
  /// Any class but the label.
  case untargeted
  /// The label itself, which is a target.
  case targeted
}

/// When an image counts as adversarial: the margin of the wanted class over the others exceeds `margin`.
///
/// Untargeted, the margin is max over i ≠ label of zᵢ, minus z of the label; targeted it is z of the target
/// minus the max over the others. The comparison is strict: a tie of logits does not count as broken.
public struct Criterion: Hashable, Sendable {
  /// What the attack is after.
  public let goal: Goal
  /// Per image: the true class (untargeted) or the class to reach (targeted).
  public let labels: [Int]
  /// The lead in logits that is asked for; at least 0.
  public let margin: Float
  /// The class by which the model refuses an image; to be refused is no success. See `Rejection`.
  public let rejected: Int?

  /// A criterion over one label per image.
  public init(goal: Goal, labels: [Int], margin: Float = 0, rejected: Int? = nil) {
    precondition(margin >= 0 && margin.isFinite, "margin \(margin)")
    self.goal = goal
    self.labels = labels
    self.margin = margin
    self.rejected = rejected
  }

  /// Any class other than the true one.
  public static func untargeted(_ labels: [Int], margin: Float = 0, rejected: Int? = nil) -> Criterion {
    Criterion(goal: .untargeted, labels: labels, margin: margin, rejected: rejected)
  }

  /// The class given for every image.
  public static func targeted(_ targets: [Int], margin: Float = 0, rejected: Int? = nil) -> Criterion {
    Criterion(goal: .targeted, labels: targets, margin: margin, rejected: rejected)
  }

  /// The criterion of some of the images, in the given order.
  public func rows(_ indices: some Collection<Int>) -> Criterion {
    Criterion(goal: goal, labels: indices.map { labels[$0] }, margin: margin, rejected: rejected)
  }

  /// What the losses of one image push away from or towards.
  public func aim(_ image: Int) -> Aim {
    goal == .untargeted ? .away(from: labels[image]) : .toward(labels[image])
  }

  /// How many of `classCount` classes an untargeted attack may end in.
  public func rivalCount(of classCount: Int) -> Int { classCount - (rejected == nil ? 1 : 2) }

  /// The class that the wanted one must beat where it is not known otherwise: the label (of a targeted criterion the
  /// target itself), or a refusal with a larger logit.
  ///
  /// - Parameter logits: of one image.
  public func defender(image: Int, _ logits: Tensor) -> Int {
    guard goal == .untargeted else { return labels[image] }
    return logits.withElements { Rejection.defender($0, labels[image], rejected: rejected) }
  }

  /// The lead of the wanted class in the logits of one image; the criterion holds where it exceeds `margin`.
  public func lead(image: Int, logits: UnsafeBufferPointer<Float>) -> Float {
    guard let rejected else { return aim(image).lead(logits) }
    return Rejection.lead(logits, aim(image), rejected: rejected)
  }

  /// Whether the logits of one image meet the criterion; NaN never does.
  public func isMet(image: Int, logits: UnsafeBufferPointer<Float>) -> Bool {
    lead(image: image, logits: logits) > margin
  }

  /// Whether the criterion holds for every row of logits `[n, classes]`; n is the number of labels.
  public func isMet(_ logits: Tensor) -> [Bool] {
    let classes = logits.rowStride
    return logits.withElements { z in
      labels.indices.map { image in
        isMet(image: image, logits: UnsafeBufferPointer(rebasing: z[image * classes..<(image + 1) * classes]))
      }
    }
  }

  /// Whether the criterion holds for a predicted label, all that a label oracle tells.
  public func isMet(image: Int, label: Int) -> Bool {
    label != rejected && (label == labels[image]) == (goal == .targeted)
  }
}

/// The direction in class space of one image's loss.
public enum Aim: Hashable, Sendable {
  /// Lower this class against the strongest other.
  case away(from: Int)
  /// Raise this class against the strongest other.
  case toward(Int)
  /// Raise one class against one other, as the targeted losses of an untargeted attack do.
  case from(Int, to: Int)

  /// The margin of the wanted class in one row of logits.
  ///
  /// The excluded class is skipped, never multiplied by 0: all other logits may be negative.
  public func lead(_ z: UnsafeBufferPointer<Float>) -> Float {
    switch self {
    case .away(let label): z[strongest(z, except: label)] - z[label]
    case .toward(let target): z[target] - z[strongest(z, except: target)]
    case .from(let label, let target): z[target] - z[label]
    }
  }
}

/// The first position of the largest element other than `skipped`; there must be one.
func strongest(_ values: UnsafeBufferPointer<Float>, except skipped: Int) -> Int {
  var best = skipped == 0 ? 1 : 0
  for index in values.indices where index != skipped && values[index] > values[best] { best = index }
  return best
}
