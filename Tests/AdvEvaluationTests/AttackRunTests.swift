import AdvFormats
import AdvTensor
import AdvThreat
import Foundation
import Testing

@testable import AdvEvaluation

struct AttackRunTests {
  @Test(arguments: [("fgsm", "4/255", Norm.linf), ("pgd:steps=5", "0.3", .l2), ("bim:steps=4", "3", .l1)])
  func `every verdict is what a fresh look at the file gives`(
    _ attack: String, _ epsilon: String, _ norm: Norm
  ) throws {
    let run = try FinishedRun(attack, epsilon, norm: norm, count: 30)
    let model = SharedLinearModel(classes: 4, imageShape: [3, 5, 7])
    let radius = try Epsilon(epsilon, norm: norm).value
    #expect(Set(run.results.map(\.outcome.name)).isSuperset(of: ["broken", "already-wrong"]))
    for (index, result) in run.results.enumerated() where result.file != nil {
      let image = try PNG.read(run.scratch["run/\(result.file ?? "")"]).image
      let label = try model.oracle().labels(image.tensor().reshaped(to: [1, 3, 5, 7]))[0]
      #expect(result.adversarial?.label == label)
      #expect((result.outcome == .broken) == (label != result.label), "\(result)")
      let before = try run.manifest.run.source.dataset.image(index)
      let distance = norm.distance(image.tensor(), before)
      #expect(
        distance <= radius * (1 + 1e-6) + 1e-6 && abs(distance - (result.distances?[norm] ?? -1)) < 1e-9)
    }
  }

  @Test func `what only a float can hold does not count as broken`() throws {
    // A quarter of a level: the attack may succeed, but no file can differ from the original.
    let run = try FinishedRun("bim:steps=10", "0.25px", count: 60, imageShape: [3, 16, 16])
    #expect(run.results.contains { $0.isBrokenInFloat })
    for result in run.results where result.isBrokenInFloat {
      #expect(result.outcome == .survived && result.distances?.l0 == 0)
    }
    #expect(run.manifest.summary.brokenInFile == 0)
    #expect(run.manifest.summary.robustInFile > run.manifest.summary.robustInFloat)
  }

  @Test func `repair mends only what rounding has spoilt, and never leaves the ball`() throws {
    func run(_ repairs: Bool) throws -> FinishedRun {
      // Within this distance most steps of the attack are shorter than half a level.
      try FinishedRun("fgsm", "0.06", norm: .l2, count: 80, imageShape: [3, 16, 16], repairs: repairs)
    }
    let (plain, mended) = (try run(false), try run(true))
    #expect(plain.manifest.summary.brokenInFile < mended.manifest.summary.brokenInFile)
    for (before, after) in zip(plain.results, mended.results) {
      #expect(before.isBrokenInFloat == after.isBrokenInFloat)
      if before.outcome == .broken { #expect(after.outcome == .broken) }
      if !before.isBrokenInFloat { #expect(before.outcome == after.outcome) }
      #expect((after.distances?.l2 ?? 0) <= 0.06 * (1 + 1e-6))
    }
  }

  @Test func `rounding to nearest may leave the ball, and is then no success`() throws {
    let run = try FinishedRun("fgsm", "1.6px", rounding: .nearest)
    let attacked = run.results.filter { $0.file != nil }
    #expect(!attacked.isEmpty && attacked.allSatisfy { $0.outcome == .overBudget && $0.linfLevels == 2 })
    #expect(run.manifest.summary.robustInFile == attacked.count)
  }

  @Test(arguments: [(1, 1), (3, 2), (7, 2), (64, 3)])
  func `batches and threads change no byte`(_ batch: Int, _ threads: Int) throws {
    let attack = "pgd:steps=3,restarts=2"
    let one = try FinishedRun(attack, "1.9px", count: 33)
    let other = try FinishedRun(attack, "1.9px", count: 33, batch: batch, threads: threads)
    #expect(one.scratch.contents == other.scratch.contents)
    #expect(one.scratch.contents.contains("run/sheet.png"))
    for name in one.scratch.contents where !name.hasSuffix("images") && name.contains(".") {
      #expect(try one.scratch.bytes(name) == other.scratch.bytes(name), "\(name)")
    }
  }

  @Test func `a targeted run counts what reaches the target`() throws {
    let run = try FinishedRun("pgd:steps=10", "8/255", aim: .targeted(2))
    for result in run.results where result.outcome == .broken { #expect(result.adversarial?.label == 2) }
    #expect(run.results.contains { $0.outcome == .broken })
  }

  @Test func `without labels the clean prediction is the label`() throws {
    let run = try FinishedRun("fgsm", "2px", isLabelled: false)
    #expect(run.results.allSatisfy { $0.label == $0.clean?.label && $0.outcome != .alreadyWrong })
    #expect(run.manifest.summary.cleanCorrect == 20)
  }

  @Test func `a model that answers NaN is an error for the images at fault, never a success`() throws {
    let run = try FinishedRun(
      "pgd:steps=3", "8/255", count: 12,
      oracle: { ScriptedOracle($0.oracle(), picks: { $0[0] > 0.5 }) { _ in .notANumber } })
    let failed = run.results.filter { $0.outcome.reason != nil }
    #expect(!failed.isEmpty && failed.count < run.results.count)
    #expect(failed.allSatisfy { $0.outcome != .broken && $0.clean == nil })
    #expect(run.manifest.summary.errors == failed.count)
    #expect(run.manifest.summary.robustInFile + run.manifest.summary.brokenInFile + failed.count <= 12)
  }

  @Test func `a model that fails on some images costs those images, whatever shares their batch`() throws {
    let healthy = try FinishedRun("pgd:steps=3", "8/255", count: 24)
    let run = try FinishedRun(
      "pgd:steps=3", "8/255", count: 24,
      oracle: { ScriptedOracle($0.oracle(), picks: { $0[0] > 0.6 }) { _ in .fails } })
    let failed = run.results.filter { $0.outcome.reason?.contains("failed on call") == true }
    #expect(!failed.isEmpty && failed.count < 24 && run.manifest.isComplete)
    for (result, other) in zip(run.results, healthy.results) where result.outcome.reason == nil {
      #expect(result.outcome == other.outcome && result.distances == other.distances, "\(result.id)")
    }
    #expect(run.manifest.summary.errors == failed.count)
  }

  @Test(arguments: [0, 1, 4, 5, 6, 9]) func `a pass that fails once changes no outcome`(_ call: Int) throws {
    // The clean pass, those of the attack, the verdict before rounding, the verdict on the files.
    let healthy = try FinishedRun("bim:steps=3", "6/255", count: 16)
    let run = try FinishedRun(
      "bim:steps=3", "6/255", count: 16,
      oracle: { ScriptedOracle($0.oracle()) { $0 == call ? .fails : .none } })
    for (result, other) in zip(run.results, healthy.results) {
      #expect(result.outcome == other.outcome && result.distances == other.distances, "\(result.id)")
    }
  }

  @Test func `a model that fails on every image has no result`() throws {
    #expect {
      try FinishedRun("fgsm", "1px", oracle: { ScriptedOracle($0.oracle()) { _ in .fails } })
    } throws: {
      "\($0)".contains("failed on call")
    }
  }

  @Test func `every image says how often it went forwards and backwards`() throws {
    let run = try FinishedRun("pgd:steps=3,restarts=2", "4/255")
    let document = try #require(
      try JSONSerialization.jsonObject(with: run.scratch.bytes("run/results.json")) as? [String: Any])
    let images = try #require(document["images"] as? [[String: Any]])
    let summary = try #require(document["summary"] as? [String: Any])
    for (name, total) in [("forward_passes", "forward_images"), ("backward_passes", "backward_images")] {
      let sum = images.reduce(0) { $0 + ($1[name] as? Int ?? -1) }
      #expect(sum == summary[total] as? Int && sum > 0, "\(name)")
    }
  }

  @Test func `after a stop there are no half images`() throws {
    let stop = StopSignal()
    stop.raise()
    let run = try FinishedRun("fgsm", "2px", stop: stop)
    #expect(run.results.isEmpty && !run.manifest.isComplete)
  }

  @Test func `a radius of 0 changes nothing`() throws {
    let run = try FinishedRun("pgd:steps=2", "0")
    for result in run.results where result.file != nil {
      #expect(result.outcome == .survived && result.distances?.l0 == 0)
    }
  }
}

extension Norm {
  /// The distance of two tensors of one shape.
  func distance(_ a: Tensor, _ b: Tensor) -> Double {
    a.withElements { x in b.withElements { y in Distances(x, y)[self] } }
  }
}
