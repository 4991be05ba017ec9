import Foundation
import Testing

@testable import AdvEvaluation

struct GateTests {
  /// A report of one model with given counts.
  private func document(clean: Int = 90, robust: Int, of images: Int = 100, mask: [Bool]? = nil) throws
    -> GridDocument
  {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.seeds, grid.attacks, grid.radii, grid.images) = ([1], ["fgsm"], ["1px"], 2)
    var document = try grid.perform(in: scratch["run"])
    document.images = images
    document.subjects[0].clean = .init(clean, of: images)
    document.subjects[0].cells[0].robustFile = .init(robust, of: images)
    document.subjects[0].cells[0].robustImages = ImageMask.text(
      of: mask ?? (0..<images).map { $0 < robust })
    return document
  }

  private func rule(_ change: (inout GateRule) -> Void) -> GateRule {
    var rule = GateRule()
    (rule.attack, rule.epsilon, rule.line) = ("fgsm", "1px", 7)
    change(&rule)
    return rule
  }

  @Test func `a threshold is missed only where the whole interval lies below it`() throws {
    let document = try document(robust: 70)
    // Clopper–Pearson of 70/100: 0.600 … 0.788.
    for (least, verdict) in [(0.70, GateCheck.Verdict.met), (0.78, .unclear), (0.79, .missed)] {
      let checks = try Gate([rule { $0.minRobust = least }]).checks(of: document)
      #expect(checks.map(\.verdict) == [verdict] && checks[0].detail.contains("70/100"), "\(checks)")
    }
    // At 80 % the interval is narrower: 0.632 … 0.761.
    let strict = try Gate([rule { $0.minRobust = 0.77 }], confidence: 0.8).checks(of: document)
    #expect(strict[0].verdict == .missed)
  }

  @Test func `a drop is judged on the same images where both runs saw them`() throws {
    let before = try document(robust: 80)
    var mask = (0..<100).map { $0 < 80 }
    for index in 0..<12 { mask[index] = false }
    var now = try document(robust: 68, mask: mask)
    let drop = rule { $0.maxDrop = 0.01 }
    let paired = try Gate([drop], baseline: before).checks(of: now)
    // 12 lost and none won: at least 5.5 % of all are lost, at most 4.3 % won.
    #expect(paired[0].verdict == .missed && paired[0].detail.contains("12 lost, 0 won"), "\(paired)")
    now.data.sha256 = "other"
    let unpaired = try Gate([drop], baseline: before).checks(of: now)
    #expect(unpaired[0].verdict == .unclear && unpaired[0].detail.contains("other images: two intervals"))
    #expect(try Gate([drop], baseline: now).checks(of: now)[0].verdict == .met)
    now.subjects[0].model = "another"
    #expect(throws: EvaluationError.self) { try Gate([drop], baseline: now).checks(of: before) }
  }

  @Test func `a baseline whose figures mean something else is refused`() throws {
    let now = try document(robust: 80)
    let gate = { (before: GridDocument) in
      try Gate([self.rule { $0.maxDrop = 0.1 }], baseline: before).checks(of: now)
    }
    #expect(try gate(now).map(\.verdict) == [.met])
    let changes: [(String, (inout GridDocument) -> Void)] = [
      ("norm is 'l2'", { $0.norm = "l2" }), ("ε is '0.5'", { $0.radii[0].value = 0.5 }),
      ("eps-rounding is 'nearest'", { $0.rounding = "nearest" }),
      ("repair is 'false'", { $0.repair.toggle() }),
      ("attack is 'none'", { $0.attacks = [] }), ("stopped early", { $0.complete = false }),
      ("answer is 'clean prediction'", { $0.data.labels = "clean prediction" }),
      ("that of this run 'what other attacks left'", { $0.survivorsOnly.toggle() }),
    ]
    for (words, change) in changes {
      var before = now
      change(&before)
      let failure = #expect(throws: EvaluationError.self) { try gate(before) }
      #expect(failure.map { "\($0)".contains(words) } == true, "\(words): \(failure.map { "\($0)" } ?? "")")
    }
  }

  @Test func `results without an answer are an error for JUnit too`() throws {
    var document = try document(robust: 80)
    document.subjects[0].cells[0].errors = 3
    let checks = try Gate([rule { $0.minRobust = 0.1 }]).checks(of: document)
    let junit = GateReports(checks, of: document, configuration: "gate.yml").junit
    #expect(
      junit.contains("tests=\"2\" failures=\"0\" errors=\"1\"")
        && junit.contains("<error message=\"3 results"))
  }

  @Test func `reports for other programs say the same and escape what they hold`() throws {
    var document = try document(robust: 10)
    document.subjects[0].model = "a <b> & \"c\", 100%"
    let rules = [rule { $0.minRobust = 0.5 }, rule { $0.minClean = 0.1 }]
    let checks = try Gate(rules).checks(of: document)
    let reports = GateReports(checks, of: document, configuration: "ci/my gate.yml")
    #expect(reports.isMissed && checks.map(\.verdict) == [.missed, .met])
    #expect(
      reports.junit.contains("tests=\"2\" failures=\"1\"")
        && reports.junit.contains("a &lt;b&gt; &amp; &quot;c&quot;"))
    #expect(!reports.junit.contains("a <b>"))
    let sarif = try #require(
      try JSONSerialization.jsonObject(with: Data(reports.sarif())) as? [String: Any])
    let run = try #require((sarif["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(sarif["version"] as? String == "2.1.0" && results.count == 1)
    #expect(
      results[0]["level"] as? String == "error" && results[0]["ruleId"] as? String == "min-robust-accuracy")
    #expect("\(results[0])".contains("ci/my%20gate.yml"))
    #expect(
      reports.annotations.count == 1
        && reports.annotations[0].hasPrefix("::error file=ci/my gate.yml,line=7,"))
    // GitHub ends a property at a colon or comma and a command at a line feed.
    #expect(reports.annotations[0].contains("title=a <b> & \"c\"%2C 100%25%3A robust accuracy under"))
    #expect(!reports.annotations[0].contains("\n"))
    #expect(reports.markdown.contains("1 of 2 thresholds missed") && reports.lines.count == 2)
  }
}
