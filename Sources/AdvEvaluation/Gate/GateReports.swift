import Foundation

/// What a gate tells other programs: JUnit XML, SARIF, Markdown, and annotations of a CI service.
public struct GateReports: Sendable {
  private let checks: [GateCheck]
  private let document: GridDocument
  private let configuration: String

  /// Reports on checks; `configuration` is the path of the rules' file, relative to the repository.
  public init(_ checks: [GateCheck], of document: GridDocument, configuration: String) {
    (self.checks, self.document, self.configuration) = (checks, document, configuration)
  }

  /// Whether any threshold was missed.
  public var isMissed: Bool { checks.contains { $0.verdict == .missed } }

  /// One test case for each threshold, in the JUnit form that CI services read (Jenkins' xUnit schema).
  public var junit: String {
    let failures = checks.count { $0.verdict == .missed }
    let errors = document.errors
    let counts =
      "tests=\"\(checks.count + (errors > 0 ? 1 : 0))\" failures=\"\(failures)\" errors=\"\(errors > 0 ? 1 : 0)\""
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites name=\"advkit check\" \(counts)>",
      "  <testsuite name=\"\(Self.xml(GridWords(document).title))\" file=\"\(Self.xml(configuration))\" "
        + "skipped=\"0\" \(counts)>",
    ]
    for check in checks {
      let text = "\(configuration):\(check.line): \(check.verdict.rawValue): \(check.detail)"
      lines.append("    <testcase classname=\"advkit.\(check.rule)\" name=\"\(Self.xml(check.name))\">")
      lines.append(
        check.verdict == .missed
          ? "      <failure message=\"\(Self.xml(check.detail))\" type=\"\(check.rule)\">\(Self.xml(text))</failure>"
          : "      <system-out>\(Self.xml(text))</system-out>")
      lines.append("    </testcase>")
    }
    if errors > 0 {
      let message =
        "\(errors) result\(errors == 1 ? " is an error" : "s are errors"), so that no threshold can be trusted"
      lines += [
        "    <testcase classname=\"advkit.errors\" name=\"every image has an answer\">",
        "      <error message=\"\(message)\" type=\"errors\"/>", "    </testcase>",
      ]
    }
    return (lines + ["  </testsuite>", "</testsuites>"]).joined(separator: "\n") + "\n"
  }

  /// The thresholds that are not met, in the Static Analysis Results Interchange Format 2.1.0.
  public func sarif() throws -> [UInt8] {
    let rules = [
      ("min-robust-accuracy", "Robust accuracy in files is below its threshold."),
      ("min-clean-accuracy", "Clean accuracy is below its threshold."),
      ("max-drop-from-baseline", "Accuracy dropped from the baseline by more than is allowed."),
    ]
    let log = SARIF(
      runs: [
        .init(
          tool: .init(
            driver: .init(
              name: "advkit", version: Version.current,
              rules: rules.map { .init(id: $0.0, shortDescription: .init(text: $0.1)) })),
          results: checks.filter { $0.verdict != .met }.map { check in
            .init(
              ruleId: check.rule, ruleIndex: rules.firstIndex { $0.0 == check.rule } ?? 0,
              level: check.verdict == .missed ? "error" : "warning",
              message: .init(text: "\(check.name): \(check.detail)"),
              locations: [
                .init(
                  physicalLocation: .init(
                    artifactLocation: .init(uri: Self.uri(configuration)),
                    region: .init(startLine: check.line)))
              ])
          })
      ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(log)) + [0x0A]
  }

  /// A table for the summary of a CI job.
  public var markdown: String {
    let missed = checks.count { $0.verdict == .missed }
    let head =
      checks.isEmpty
      ? "No threshold was checked"
      : missed == 0 ? "No threshold missed" : "\(missed) of \(checks.count) thresholds missed"
    let rows = checks.map { check in
      "| \(Self.mark(check.verdict)) | \(Self.cell(check.name)) | \(Self.cell(check.detail)) |"
    }
    return
      (["## advkit check: \(head)", "", "| | rule | figures |", "| --- | --- | --- |"] + rows + [
        "",
        "Not broken by these attacks is not proven robust. \(document.data.name), \(document.images) images.",
        "",
      ] + document.audit.filter(\.isRemarkable).map { "- \(Self.cell($0.line)). \($0.advice)" } + [""])
      .joined(separator: "\n")
  }

  /// GitHub's workflow commands: an error for what is missed, a warning for what is unclear.
  public var annotations: [String] {
    checks.filter { $0.verdict != .met }.map { check in
      let level = check.verdict == .missed ? "error" : "warning"
      let properties =
        "file=\(Self.property(configuration)),line=\(check.line),title=\(Self.property(check.name))"
      return "::\(level) \(properties)::\(Self.message(check.detail))"
    }
      + document.audit.filter(\.isRemarkable).map { finding in
        "::warning file=\(Self.property(configuration)),title=audit \(finding.id)::\(Self.message(finding.line))"
      }
  }

  /// One line for each threshold.
  public var lines: [String] {
    checks.map { "\(Self.word($0.verdict)) \($0.name): \($0.detail)" }
  }

  private static func word(_ verdict: GateCheck.Verdict) -> String {
    switch verdict {
    case .met: "ok     "
    case .unclear: "unclear"
    case .missed: "MISSED "
    }
  }

  private static func mark(_ verdict: GateCheck.Verdict) -> String {
    switch verdict {
    case .met: "✅ met"
    case .unclear: "⚠️ unclear"
    case .missed: "❌ missed"
    }
  }

  private static func cell(_ text: String) -> String { text.replacingOccurrences(of: "|", with: "\\|") }

  private static func xml(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t", "\r": result += " "
      default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }

  private static func uri(_ path: String) -> String {
    path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
  }

  private static func message(_ text: String) -> String {
    text.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: "\r", with: "%0D")
      .replacingOccurrences(of: "\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    message(text).replacingOccurrences(of: ":", with: "%3A").replacingOccurrences(of: ",", with: "%2C")
  }
}

/// The part of SARIF 2.1.0 that a gate needs.
private struct SARIF: Encodable {
  struct Text: Encodable { let text: String }
  struct Rule: Encodable {
    let id: String
    let shortDescription: Text
  }
  struct Driver: Encodable {
    let name, version: String
    let rules: [Rule]
  }
  struct Tool: Encodable { let driver: Driver }
  struct Artifact: Encodable { let uri: String }
  struct Region: Encodable { let startLine: Int }
  struct Physical: Encodable {
    let artifactLocation: Artifact
    let region: Region
  }
  struct Location: Encodable { let physicalLocation: Physical }
  struct Finding: Encodable {
    let ruleId: String
    let ruleIndex: Int
    let level: String
    let message: Text
    let locations: [Location]
  }
  struct Run: Encodable {
    let tool: Tool
    let results: [Finding]
  }

  var schema = "https://json.schemastore.org/sarif-2.1.0.json"
  var version = "2.1.0"
  let runs: [Run]

  enum CodingKeys: String, CodingKey {
    case version, runs
    case schema = "$schema"
  }
}
