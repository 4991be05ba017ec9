import Foundation

/// Curves of shares over a quantity, as SVG that takes its colours from the page.
///
/// Series differ in colour, marker and dash, so that neither print nor colour blindness merges them.
struct LineChart {
  struct Point {
    var x: Double
    /// A share, 0…1.
    var y: Double
    /// The ends of its interval.
    var low: Double?
    var high: Double?
  }

  struct Series {
    var name: String
    var points: [Point]
    var isDashed = false
    var form = Form.straight
  }

  /// What joins the points of a series.
  enum Form {
    /// Straight lines.
    case straight
    /// A stair that rises from 0 at the first point and goes on to the end of the axis: a count so far.
    case stair
  }

  /// What the height of a point means.
  enum Axis {
    /// A share, written in percent.
    case shares
    /// A share of this value, which stands at the top.
    case values(upTo: Double)

    func text(_ share: Double) -> String {
      switch self {
      case .shares: String(format: "%.0f%%", 100 * share)
      case .values(let top): String(format: "%.3g", top * share)
      }
    }
  }

  /// What the chart shows, for those who do not see it.
  var title: String
  var xLabel: String
  /// Positions with their labels.
  var ticks: [(x: Double, label: String)]
  var series: [Series]
  var axis = Axis.shares
  var scale = ChartScale.linear

  private static let (width, height) = (440.0, 300.0)
  private static let (left, right, top, bottom) = (48.0, 14.0, 14.0, 46.0)
  /// Series that can be told apart.
  static let styles = 6
  private static let mostMarkers = 40

  /// The chart as one `svg` element.
  var svg: String {
    var parts = [
      "<svg class=\"chart\" viewBox=\"0 0 440 300\" role=\"img\" aria-label=\"\(Self.escaped(title + ". " + summary))\">"
    ]
    for share in [0.0, 0.25, 0.5, 0.75, 1] {
      let y = Self.number(position(share: share))
      parts.append("<line class=\"grid\" x1=\"48\" x2=\"426\" y1=\"\(y)\" y2=\"\(y)\"/>")
      parts.append("<text class=\"end\" x=\"42\" y=\"\(y)\" dy=\"4\">\(axis.text(share))</text>")
    }
    for tick in ticks {
      let x = Self.number(position(tick.x))
      parts.append("<line class=\"tick\" x1=\"\(x)\" x2=\"\(x)\" y1=\"254\" y2=\"258\"/>")
      parts.append("<text class=\"mid\" x=\"\(x)\" y=\"272\">\(Self.escaped(tick.label))</text>")
    }
    parts.append(
      "<text class=\"mid axis\" x=\"237\" y=\"293\">\(Self.escaped(xLabel + (scale == .logarithmic ? ", logarithmic" : "")))</text>"
    )
    for (index, line) in series.enumerated() { parts.append(drawn(line, index % Self.styles)) }
    return parts.joined() + "</svg>"
  }

  private func drawn(_ line: Series, _ style: Int) -> String {
    let corners = corners(of: line).map { "\(Self.number($0.x)),\(Self.number($0.y))" }
    var parts = [
      "<g class=\"s\(style)\"><polyline class=\"line\(line.isDashed ? " dash" : "")\" points=\"\(corners.joined(separator: " "))\"/>"
    ]
    // So many markers would hide the line; a stair shows its points by itself.
    let isMarked = line.form == .straight && line.points.count <= Self.mostMarkers
    for point in line.points where isMarked || point.low != nil {
      let (x, y) = (position(point.x), position(share: point.y))
      if let low = point.low, let high = point.high {
        let (from, to) = (Self.number(position(share: low)), Self.number(position(share: high)))
        parts.append(
          "<line class=\"bar\" x1=\"\(Self.number(x))\" x2=\"\(Self.number(x))\" y1=\"\(from)\" y2=\"\(to)\"/>"
        )
      }
      parts.append(Self.marker(style, x, y))
    }
    return parts.joined() + "</g>"
  }

  private func corners(of line: Series) -> [(x: Double, y: Double)] {
    let places = line.points.map { (x: position($0.x), y: position(share: $0.y)) }
    guard line.form == .stair else { return places }
    var (result, height) = ([(x: Self.left, y: position(share: 0))], position(share: 0))
    for place in places {
      result += [(place.x, height), place]
      height = place.y
    }
    return result + [(Self.width - Self.right, height)]
  }

  private static func marker(_ style: Int, _ x: Double, _ y: Double) -> String {
    switch style % 4 {
    case 0: return "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\"/>"
    case 1: return "<rect x=\"\(number(x - 3.5))\" y=\"\(number(y - 3.5))\" width=\"7\" height=\"7\"/>"
    case 2:
      return "<path d=\"M\(number(x)) \(number(y - 5))l4.5 8h-9z\"/>"
    default: return "<path d=\"M\(number(x)) \(number(y - 5))l5 5l-5 5l-5 -5z\"/>"
    }
  }

  /// The marker of a style alone, for a legend.
  static func key(_ style: Int) -> String {
    "<svg class=\"key s\(style % styles)\" viewBox=\"0 0 24 12\" aria-hidden=\"true\"><line class=\"line\" x1=\"0\" x2=\"24\" y1=\"6\" y2=\"6\"/>\(marker(style % styles, 12, 6))</svg>"
  }

  /// The ends of every curve in words.
  private var summary: String {
    series.map { line in
      guard let first = line.points.first, let last = line.points.last else { return line.name }
      return "\(line.name): \(axis.text(first.y)) to \(axis.text(last.y))"
    }.joined(separator: "; ")
  }

  private var range: (low: Double, high: Double) {
    let values = ticks.map(\.x) + series.flatMap { $0.points.map(\.x) }
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    return high > low ? (low, high) : (low, low + 1)
  }

  private func position(_ x: Double) -> Double {
    Self.left + scale.share(x, from: range.low, to: range.high) * (Self.width - Self.left - Self.right)
  }

  private func position(share: Double) -> Double {
    Self.top + (1 - share) * (Self.height - Self.top - Self.bottom)
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
