import AdvSettings
import AdvTensor
import AdvThreat

/// The ball in which a recipe looks for adversarial images: L∞, with a radius that may grow over the first epochs.
protocol AdversarialBall {
  /// The final radius, in pixel values 0…1.  ε
  var eps: Float { get }
  /// Epochs over which the radius grows from 0.
  var ramp: Float { get }
}

extension AdversarialBall {
  /// The ball at this point of training.
  func ball(at progress: Double) -> Ball {
    let share = ramp > 0 ? min(1, Float(progress) / ramp) : 1
    return Ball(.linf, radius: eps * share)
  }
}

extension Parameter where A: AdversarialBall {
  /// The radius as every adversarial recipe documents it.
  static func eps(_ path: any WritableKeyPath<A, Float> & Sendable) -> Parameter {
    .float("eps", path, in: 0...1, "L∞ radius, in pixel values 0…1, such as 8/255.")
  }

  /// The ramp as every adversarial recipe documents it.
  static func ramp(_ path: any WritableKeyPath<A, Float> & Sendable) -> Parameter {
    .float("ramp", path, in: 0...10_000, "Epochs over which the radius grows from 0.")
  }
}
