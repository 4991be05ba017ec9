import Foundation

/// How the learning rate changes over training, as a factor of the base rate.
public enum Schedule: Hashable, Sendable, Codable {
  /// The base rate throughout.
  case constant
  /// Divided by ten after each of these fractions of training — He et al. 2016, section 4.2.
  case step(milestones: [Double])
  /// Half a cosine from the base rate down to 0 — Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5
  /// without restarts.
  case cosine

  /// The factor at `progress` in 0 ..< 1, the fraction of all optimiser steps that are done.
  public func factor(at progress: Double) -> Double {
    switch self {
    case .constant: 1
    case .step(let milestones): pow(0.1, Double(milestones.count { progress >= $0 }))
    case .cosine: 0.5 * (1 + cos(.pi * progress))
    }
  }

  /// The schedules by the names that the command line knows.
  public static let named: [String: Schedule] = [
    "constant": .constant, "step": .step(milestones: [0.5, 0.75]), "cosine": .cosine,
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

  /// The rate of step `step` out of `steps`, both counted over the whole training.
  public func rate(at step: Int, of steps: Int) -> Float {
    let warmUp = warmUpSteps > 0 ? min(1, Double(step + 1) / Double(warmUpSteps)) : 1
    return Float(base * warmUp * schedule.factor(at: Double(step) / Double(max(steps, 1))))
  }
}
