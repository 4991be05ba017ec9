import Foundation

/// How the learning rate changes over training, as a factor of the base rate.
public enum Schedule: Hashable, Sendable, Codable {
  /// The base rate throughout.
  case constant
  /// Divided by ten after each of these fractions of training — He et al. 2016, section 4.2.
  case step(milestones: [Double])
  /// Divided by ten whenever this many epochs in a row have brought no better score — Krizhevsky et al. 2012,
  /// section 5.
  case plateau(patience: Int)
  /// Half a cosine from the base rate down to 0 — Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5
  /// without restarts.
  case cosine
  /// Up along half a cosine from 1/25 to the base rate over three tenths of training, then down to 1/250,000 —
  /// Smith & Topin 2017, arXiv:1708.07120, in the form that frameworks give it.
  case oneCycle

  /// The factor at `progress` in 0 ..< 1, the fraction of all optimiser steps that are done; `scores` are those
  /// of the epochs so far, larger is better.
  public func factor(at progress: Double, scores: [Double] = []) -> Double {
    switch self {
    case .constant: 1
    case .step(let milestones): pow(0.1, Double(milestones.count { progress >= $0 }))
    case .plateau(let patience): pow(0.1, Double(Self.plateaus(in: scores, patience)))
    case .cosine: 0.5 * (1 + cos(.pi * progress))
    case .oneCycle:
      progress < 0.3
        ? Self.halfCosine(from: 1 / 25, to: 1, at: progress / 0.3)
        : Self.halfCosine(from: 1, to: 1 / 250_000, at: (progress - 0.3) / 0.7)
    }
  }

  /// How often `patience` epochs in a row have brought nothing better than the best before them.
  private static func plateaus(in scores: [Double], _ patience: Int) -> Int {
    var (best, waiting, found) = (-Double.infinity, 0, 0)
    for score in scores {
      waiting = score > best ? 0 : waiting + 1
      best = max(best, score)
      if waiting == patience { (found, waiting) = (found + 1, 0) }
    }
    return found
  }

  private static func halfCosine(from start: Double, to end: Double, at progress: Double) -> Double {
    end + (start - end) * 0.5 * (1 + cos(.pi * progress))
  }

  /// The schedules by the names that the command line knows.
  public static let named: [String: Schedule] = [
    "constant": .constant, "step": .step(milestones: [0.5, 0.75]), "plateau": .plateau(patience: 5),
    "cosine": .cosine, "one-cycle": .oneCycle,
  ]
}

/// A schedule behind a linear warm-up from 0 — Goyal et al. 2017, arXiv:1706.02677, section 2.2.
public struct LearningRate: Hashable, Sendable, Codable {
  /// The rate after warm-up, before the schedule lowers it.
  public var base: Double
  /// The schedule over all steps.
  public var schedule: Schedule
  /// The number of steps over which the rate rises linearly from 0.
  public var warmUpSteps: Int

  /// A rate with its schedule.
  public init(base: Double, schedule: Schedule = .cosine, warmUpSteps: Int = 0) {
    self.base = base
    self.schedule = schedule
    self.warmUpSteps = warmUpSteps
  }

  /// The rate of step `step` out of `steps`, both counted over the whole training, after epochs of these scores.
  public func rate(at step: Int, of steps: Int, scores: [Double] = []) -> Float {
    let warmUp = warmUpSteps > 0 ? min(1, Double(step + 1) / Double(warmUpSteps)) : 1
    let progress = Double(step) / Double(max(steps, 1))
    return Float(base * warmUp * schedule.factor(at: progress, scores: scores))
  }
}
