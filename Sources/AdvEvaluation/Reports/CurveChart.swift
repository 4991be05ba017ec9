import Foundation

/// A curve of steps as SVG inside a page: how many of a number of images, up to a position.
struct CurveChart {
  /// What it shows.
  let title: String
  /// What the horizontal axis counts.
  let axis: String
  /// The steps in ascending order.
  let points: [CurvePoint]
  /// The number of images that is the whole height.
  let total: Int

  private static let (width, height) = (720.0, 260.0)
  private static let (left, right, top, bottom) = (48.0, 16.0, 14.0, 40.0)

  /// The markup, coloured by the page's style; numbers alone come from the data.
  var svg: String {
    let label = "\(title): \(points.last?.count ?? 0) of \(total) images at the end"
    var lines = [
      "<svg class=\"chart\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(label)\">"
    ]
    for share in [0.0, 0.25, 0.5, 0.75, 1] {
      let y = place(share: share)
      lines.append(
        "<path class=\"axis\" d=\"M\(Self.left) \(y)H\(Self.width - Self.right)\"/>"
          + "<text x=\"\(Self.left - 8)\" y=\"\(y + 4)\" text-anchor=\"end\">\(Int(share * 100)) %</text>")
    }
    for tick in ticks {
      let x = place(position: tick)
      lines.append(
        "<text x=\"\(x)\" y=\"\(Self.height - Self.bottom + 18)\" text-anchor=\"middle\">\(Self.number(tick))</text>"
      )
    }
    lines.append(
      "<text x=\"\(Self.width - Self.right)\" y=\"\(Self.height - 4)\" text-anchor=\"end\">\(axis)"
        + "\(isLogarithmic ? ", logarithmic" : "")</text>")
    lines.append("<path class=\"curve\" d=\"\(path)\"/></svg>")
    return lines.joined(separator: "\n")
  }

  private var path: String {
    var text = "M\(Self.left) \(place(share: 0))"
    for point in points {
      text +=
        "H\(place(position: point.position))V\(place(share: Double(point.count) / Double(max(1, total))))"
    }
    return text + "H\(Self.width - Self.right)"
  }

  /// Wide ranges are shown by their logarithm.
  private var isLogarithmic: Bool { lowest > 0 && highest / lowest > 25 }
  private var lowest: Double { points.first?.position ?? 1 }
  private var highest: Double { max(points.last?.position ?? 1, 1e-9) }

  private var ticks: [Double] {
    guard isLogarithmic else {
      let step = Self.roundStep(highest / 6)
      return Array(stride(from: 0, through: highest * 1.0001, by: step))
    }
    let decades = Int(log10(lowest).rounded(.down))...Int(log10(highest).rounded(.up))
    return decades.flatMap { decade in [1.0, 2, 5].map { $0 * pow(10, Double(decade)) } }
      .filter { $0 >= lowest * 0.999 && $0 <= highest * 1.001 }
  }

  private func place(position: Double) -> Double {
    let share =
      isLogarithmic ? log(position / lowest) / log(highest / lowest) : position / highest
    return Self.rounded(Self.left + min(max(share, 0), 1) * (Self.width - Self.left - Self.right) * 0.97)
  }

  private func place(share: Double) -> Double {
    Self.rounded(Self.top + (1 - share) * (Self.height - Self.top - Self.bottom))
  }

  /// 1, 2 or 5 times a power of ten, not below `step`.
  private static func roundStep(_ step: Double) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    return ([1.0, 2, 5].first { $0 * power >= step * 0.999 } ?? 10) * power
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}
