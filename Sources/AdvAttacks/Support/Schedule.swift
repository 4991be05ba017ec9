import Foundation

/// How a constant of an attack changes over its steps.
enum Schedule {
  /// Half a cosine: `first` at step 0, towards `last` after `steps`.
  static func cosine(from first: Double, to last: Double, at step: Int, of steps: Int) -> Double {
    last + (first - last) * (1 + cos(.pi * Double(step) / Double(Swift.max(steps, 1)))) / 2
  }
}
