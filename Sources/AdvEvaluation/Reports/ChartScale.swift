import Foundation

/// How positions on an axis follow from values.
enum ChartScale {
  /// Equal distances are equal differences.
  case linear
  /// Equal distances are equal quotients; for values above 0.
  case logarithmic

  /// The scale on which values between these two can be told apart.
  static func fitting(_ low: Double, _ high: Double) -> ChartScale {
    low > 0 && high / low > 25 ? .logarithmic : .linear
  }

  /// Where a value stands between the ends of an axis, 0…1.
  func share(_ value: Double, from low: Double, to high: Double) -> Double {
    let share =
      switch self {
      case .linear: (value - low) / (high - low)
      case .logarithmic: log(value / low) / log(high / low)
      }
    return min(max(share, 0), 1)
  }

  /// Round values between two others, six or so to a linear axis and three to a decade of a logarithmic one.
  func ticks(from low: Double, to high: Double) -> [(x: Double, label: String)] {
    guard high > low else { return [(low, Self.text(low))] }
    let values: [Double]
    switch self {
    case .linear:
      let step = Self.rounded(up: (high - low) / 6)
      values = Array(stride(from: (low / step).rounded(.up) * step, through: high + step * 1e-6, by: step))
    case .logarithmic:
      let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
      values = decades.flatMap { decade in [1.0, 2, 5].map { $0 * pow(10, Double(decade)) } }
        .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
    }
    return values.map { ($0, Self.text($0)) }
  }

  /// 1, 2 or 5 times a power of ten, not below `step`.
  private static func rounded(up step: Double) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    return ([1.0, 2, 5].first { $0 * power >= step * 0.999 } ?? 10) * power
  }

  private static func text(_ value: Double) -> String { String(format: "%.4g", value) }
}
