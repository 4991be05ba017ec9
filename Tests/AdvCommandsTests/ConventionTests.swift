import Foundation
import Testing

@testable import AdvCommands

struct ConventionTests {
  @Test func `help and version go to standard output and are no failure`() {
    for arguments in [[], ["--help"], ["attack", "--help"], ["--version"], ["bench", "step", "--help"]] {
      let run = Transcript(arguments)
      #expect(run.status == .done && !run.output.isEmpty && run.messages.isEmpty, "\(arguments)")
    }
  }

  @Test(arguments: [
    ["bogus"], ["attack"], ["attack", "--model", "resnet"],
    ["attack", "--model", "resnet", "--eps", "0.1", "--x"],
    ["attack", "--model", "resnet", "--eps", "0.1", "--threads", "0"],
    ["attack", "--model", "resnet", "--eps", "0.1", "--batch", "none"],
    ["attack", "--model", "resnet", "--eps", "0.1", "--save", "some"],
    ["attack", "--model", "resnet", "--eps", "0.1", "--limit", "0"],
    ["attack", "--model", "m", "--eps", "0.1", "--dataset", "a", "--images", "b"], ["explain"],
  ])
  func `a command line that cannot be understood ends with 64`(_ arguments: [String]) {
    let run = Transcript(arguments)
    #expect(run.status == .usage && run.output.isEmpty && run.messages.contains("Usage:"), "\(run)")
  }

  @Test(arguments: ["models", "attacks", "datasets"])
  func `lists are text for people and JSON for scripts`(_ command: String) throws {
    let text = Transcript(command)
    #expect(text.status == .done && text.output.split(separator: "\n").count > 2)
    let json = Transcript(command, "--json")
    let rows = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
    #expect((rows?.count ?? 0) >= 2)
  }

  @Test func `explain shows parameters, paper and rule, and the textbook example for fgsm`() {
    let pgd = Transcript("explain", "pgd")
    for word in ["1706.06083", "steps", "restarts", "40", "linf"] { #expect(pgd.output.contains(word)) }
    let fgsm = Transcript("explain", "fgsm")
    #expect(fgsm.output.contains("0.047426") && fgsm.output.contains("0.880797"))
  }

  @Test func `selftest ends as its checks do, and knows the textbook example`() throws {
    let run = Transcript("selftest", "--json")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    let failed = rows.filter { $0["passed"] as? Bool != true }
    #expect(failed.isEmpty && run.status == .done)
    let logistic = rows.first { ($0["name"] as? String ?? "").contains("logistic") }
    #expect(logistic?["passed"] as? Bool == true)
  }

  @Test func `inspect counts as the papers do`() throws {
    for (model, parameters) in [("lenet5_1998", 61_706), ("resnet18", 11_689_512)] {
      let run = Transcript("inspect", "--model", model, "--json")
      let root = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
      let table = try #require(root?["inspection"] as? [String: Any])
      #expect(table["parameters"] as? Int == parameters)
    }
    #expect(Transcript("inspect", "--model", "lenet5", "--stage", "plan").status == .done)
    #expect(Transcript("inspect", "--model", "lenet5", "--stage", "plans").status == .noResult)
  }

  @Test func `bench step prints every figure of the contract`() throws {
    let run = Transcript(
      "bench", "step", "--model", "lenet5", "--batch", "4", "--threads", "1", "--seconds", "0.01",
      "--precision", "fast", "--json")
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run)")
    for key in [
      "model", "batch", "size", "threads", "precision", "isa", "ms_per_image", "images_per_second", "gflops",
      "peak_fraction", "probe", "peak_memory_bytes", "allocations_per_step",
    ] {
      #expect(root[key] != nil, "\(key)")
    }
    #expect(root["precision"] as? String == "fast")
  }
}
