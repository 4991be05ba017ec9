import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

struct ReportTests {
  @Test func `the manifest has the keys of the contract`() throws {
    let run = try FinishedRun("pgd:steps=3", "4/255", count: 15)
    let root = try #require(
      try JSONSerialization.jsonObject(with: run.scratch.bytes("run/results.json")) as? [String: Any])
    func keys(_ value: Any?) -> Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
    #expect(
      keys(root).isSuperset(of: ["schema", "advkit", "command", "model", "attack", "summary", "images"]))
    #expect(keys(root["model"]) == ["name", "arch", "weights_sha256", "classes", "defense"])
    #expect(
      keys(root["attack"]).isSuperset(
        of: ["name", "parameters", "norm", "eps", "eps_levels", "eps_rounding", "goal", "seed"]))
    #expect(
      keys(root["summary"]).isSuperset(of: [
        "images", "clean_correct", "broken_float", "broken_file", "robust_accuracy_float",
        "robust_accuracy_file", "clean_accuracy", "seconds", "forward_images", "backward_images", "ci95",
      ]))
    let images = try #require(root["images"] as? [[String: Any]])
    #expect(images.count == 15)
    for image in images {
      #expect(
        keys(image).isSuperset(of: [
          "id", "source", "file", "label", "clean", "adversarial", "outcome", "broken_float", "linf",
          "linf_levels", "l2", "l1", "l0", "linf_float", "l2_float", "l1_float", "l0_float", "steps",
          "queries",
        ]))
    }
  }

  @Test func `the counts of the summary add up`() throws {
    let run = try FinishedRun("pgd:steps=3", "2px", count: 40)
    let summary = run.manifest.summary
    #expect(summary.images == 40 && summary.cleanCorrect == 32)
    #expect(summary.cleanCorrect == summary.robustInFile + summary.brokenInFile + summary.errors)
    #expect(summary.cleanCorrect == summary.robustInFloat + summary.brokenInFloat + summary.errors)
    #expect(summary.forwardImages == run.results.reduce(0) { $0 + $1.forwardPasses })
    // One pass for the clean image; of those attacked, one for each verdict and each query, at least.
    for result in run.results {
      let least = result.file == nil ? 1 : 3 + result.queries
      #expect(result.forwardPasses >= least && result.forwardPasses <= least + 1)
    }
  }

  @Test func `what an attack says of a run and of its images stands in the manifest and on the page`() throws
  {
    let dlr = try FinishedRun("pgd:steps=3,loss=dlr", "2px", count: 5, classes: 2)
    let spatial = try FinishedRun("spatial:draws=5", "2px", count: 5) {
      if let threat = $0.attack.threat { $0.threat = .own(threat) }
    }
    let remark = try #require(spatial.results.compactMap(\.remark).first)
    for (run, words) in [(dlr, "needs 3 classes"), (spatial, remark)] {
      for file in ["results.json", "report.html"] {
        let text = String(decoding: try run.scratch.bytes("run/\(file)"), as: UTF8.self)
        #expect(text.contains(words), "'\(words)' is not in \(file)")
      }
    }
    let plain = String(decoding: try dlr.scratch.bytes("run/report.html"), as: UTF8.self)
    #expect(!plain.contains("<th>remark</th>"))
  }

  @Test func `norms before rounding stand beside those of the files`() throws {
    let run = try FinishedRun("ddn", "2px", norm: .l2, count: 21) { $0.threat = .minimal(.l2) }
    let summary = run.manifest.summary
    let attacked = run.results.filter { $0.outcome != .alreadyWrong }
    #expect(attacked.count > 5 && attacked.allSatisfy { $0.isBrokenInFloat })
    let sorted = attacked.compactMap { $0.distancesInFloat?.l2 }.sorted()
    #expect(summary.medianInFloat(.l2) == sorted[(attacked.count - 1) / 2])
    // A candidate off the lattice is another image in its file.
    #expect(attacked.contains { $0.distancesInFloat != $0.distances })
    let json = try JSONSerialization.jsonObject(with: run.scratch.bytes("run/results.json")) as? [String: Any]
    let medians = (json?["summary"] as? [String: Any])?["median_float"] as? [String: Any]
    let written = try #require(medians?["l2"] as? Double)
    #expect(abs(written - summary.medianInFloat(.l2)) < 1e-12)
  }

  @Test func `the page needs nothing but itself, and names are escaped`() throws {
    let run = try FinishedRun("fgsm", "4/255", count: 30)
    let page = String(decoding: try run.scratch.bytes("run/report.html"), as: UTF8.self)
    for reference in ["http:", "https:", "<script", "<link", "<iframe", "@import", "url("] {
      #expect(!page.contains(reference), "\(reference)")
    }
    let sources = page.components(separatedBy: "src=\"").dropFirst()
    #expect(!sources.isEmpty && sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
    #expect(!page.contains("href="))
    #expect(page.contains("kind &lt;1&gt;") && !page.contains("kind <"))
    for result in run.results { #expect(page.contains("<td>\(result.id)</td>")) }
  }

  @Test func `a command is quoted so that a shell reads it back`() throws {
    let run = try FinishedRun("fgsm", "2px", count: 1)
    let manifest = AttackManifest(
      command: ["advkit", "attack", "--images", "it's a cat.png", "--eps", "8/255"],
      model: run.manifest.model, run: run.manifest.run, findings: run.manifest.findings, seconds: 0)
    #expect(AttackWords(manifest).command == "advkit attack --images 'it'\\''s a cat.png' --eps 8/255")
  }

  @Test func `the textbook example is what the formula says`() throws {
    let example = try LogisticDemonstration()
    #expect(abs(example.before - 0.0474258731775668) < 1e-6)
    #expect(abs(example.after - 0.880797077977882) < 1e-6)
    #expect(abs(example.before - example.expectedBefore) < 1e-6)
    #expect(abs(example.after - example.expectedAfter) < 1e-6)
    let moved = zip(example.input, example.weights).map { $0 + 0.5 * ($1 > 0 ? 1 : -1) }
    #expect(example.adversarial == moved)
    #expect(example.text.contains("0.047426") && example.text.contains("0.880797"))
  }

  @Test func `the checks of the self-test hold`() {
    for check in EvaluationChecks.run() { #expect(check.passed, "\(check.name): \(check.detail)") }
  }
}
