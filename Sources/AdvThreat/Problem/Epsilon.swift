import Foundation

/// How ε meets the 8-bit levels of a file.
public enum EpsilonRounding: String, CaseIterable, Sendable {
  /// Perturbations are rounded toward zero: no norm can grow.
  case strict
  /// Pixels are rounded to the nearest level, up to half a level over ε.
  case nearest
}

/// A perturbation size as a user writes it, "0.007", "8/255" or "2px", always shown in levels of 255 too.
public struct Epsilon: Hashable, Sendable {
  /// The text that was parsed.
  public let text: String
  /// The radius in pixels of the box 0…1; for `l0` a number of elements.
  public let value: Double
  /// The norm that the radius is measured in.
  public let norm: Norm

  /// Parses a number, a fraction or a number of levels (`px`).
  ///
  /// Throws for what is no number, negative, NaN or infinite, and for L∞ larger than the box (1); 0 is allowed.
  public init(_ text: String, norm: Norm = .linf) throws(ThreatError) {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard let value = Self.parse(trimmed) else {
      throw .invalidEpsilon(text: text, remedy: "write a number, a fraction or levels: 0.007, 8/255, 2px")
    }
    guard value.isFinite else { throw .invalidEpsilon(text: text, remedy: "it must be a finite number") }
    guard value >= 0 else { throw .invalidEpsilon(text: text, remedy: "it must not be negative") }
    if norm == .linf, value > 1 {
      let isPlain = value <= 255 && Double(trimmed) != nil
      let meant = isPlain ? "; for 8-bit levels write \(trimmed)px or \(trimmed)/255" : ""
      throw .invalidEpsilon(text: text, remedy: "it is larger than the box of pixels 0…1\(meant)")
    }
    if norm == .l0, value != value.rounded() {
      throw .invalidEpsilon(text: text, remedy: "for l0 it is a whole number of elements")
    }
    guard Float(value).isFinite else { throw .invalidEpsilon(text: text, remedy: "it is too large") }
    self.text = trimmed
    self.value = value
    self.norm = norm
  }

  /// Several radii: "1/255,2/255,8/255".
  public static func list(_ text: String, norm: Norm = .linf) throws(ThreatError) -> [Epsilon] {
    var result: [Epsilon] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      result.append(try Epsilon(String(part), norm: norm))
    }
    return result
  }

  /// The ball of this radius.
  public var ball: Ball { Ball(norm, radius: Float(value)) }

  /// The radius in levels of 255.
  public var levels: Double { value * 255 }

  /// The whole levels that a file may differ by under strict rounding (L∞).
  public var strictLevels: Int { Lattice.strictLevels(radius: Float(value)) }

  /// One line: "0.007 = 1.785 levels; strict budget 1 level (0.00392)".
  public var explanation: String {
    if norm == .l0 { return "\(text) elements" }
    let plain = Self.number(value, digits: 5)
    let name = text == plain ? text : "\(text) = \(plain)"
    let inLevels = "\(name) = \(Self.number(levels, digits: 4)) levels"
    guard norm == .linf else { return "\(inLevels) (\(norm.rawValue))" }
    let noun = strictLevels == 1 ? "level" : "levels"
    let budget = Self.number(Double(strictLevels) / 255, digits: 3)
    let warning = strictLevels == 0 && value > 0 ? ": no file can hold it" : ""
    return "\(inLevels); strict budget \(strictLevels) \(noun) (\(budget))\(warning)"
  }

  private static func parse(_ text: String) -> Double? {
    if text.hasSuffix("px") { return plainNumber(text.dropLast(2)).map { $0 / 255 } }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return plainNumber(parts[0])
    case 2:
      guard let top = plainNumber(parts[0]), let bottom = plainNumber(parts[1]) else { return nil }
      return top / bottom
    default: return nil
    }
  }

  private static func plainNumber(_ text: Substring) -> Double? {
    // Double("0x1p3") would parse too; nobody means that.
    text.lowercased().hasPrefix("0x") ? nil : Double(text)
  }

  /// `digits` significant digits without trailing zeros.
  private static func number(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)g", value)
  }
}
