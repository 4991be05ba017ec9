import AdvConformance
import AdvGraph
import AdvRuntime
import AdvTensor
import Foundation
import Testing

@testable import AdvFormats

/// The operator tests of the `onnx` package, where `Scripts/onnx-backend-tests.sh` has put them.
///
/// The law: every one either agrees with the interpreter, or is refused and stands in the skip list with a reason.
@Suite struct ONNXBackendTests {
  static let folder = ProcessInfo.processInfo.environment["ADVKIT_ONNX_TESTS"]

  @Test(.enabled(if: folder != nil, "ADVKIT_ONNX_TESTS names no folder; run Scripts/onnx-backend-tests.sh"))
  func `every operator test agrees or is refused for a stated reason`() throws {
    let folder = try #require(Self.folder)
    let skips = try SkipList(packageRoot + "/Tests/Fixtures/onnx/backend-skips.txt")
    var agreed = 0
    var unused = skips.patterns
    for name in try contents(of: folder) {
      let verdict = try BackendCase("\(folder)/\(name)").verdict()
      if let pattern = skips.pattern(for: name) {
        unused.remove(pattern)
        #expect(verdict != .agrees, "\(name) agrees; take it off the skip list")
      } else {
        #expect(verdict == .agrees, "\(name): \(verdict)")
        agreed += verdict == .agrees ? 1 : 0
      }
    }
    #expect(agreed > 200)
    #expect(unused.isEmpty, "patterns of the skip list that fit no test")
  }
}

/// Names (with * at the end for any rest) and why these tests are refused.
private struct SkipList {
  let patterns: Set<String>

  init(_ path: String) throws {
    let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    for line in lines { #expect(line.split(separator: " ").count > 2, "no reason: \(line)") }
    patterns = Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  func pattern(for name: String) -> String? {
    patterns.first { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
  }
}

/// One test: a model of one node or a few, inputs and expected outputs.
private struct BackendCase {
  enum Verdict: Equatable {
    case agrees
    case differs(String)
    case refused(String)
  }

  /// Which inputs are taken for images; the tests do not say what a weight is.
  private enum Reading: CaseIterable { case firstIsImage, allAreImages, noneIsImage }

  private let file: ONNXFile
  private let inputs: [ONNXConstant]
  private let outputs: [ONNXConstant]

  init(_ folder: String) throws {
    let path = folder + "/model.onnx"
    file = try ONNXParser.parse(try FileBytes.read(path), path: path)
    let names = try contents(of: folder + "/set_0")
    let tensors = { (kind: String) in
      try (0..<names.count { $0.hasPrefix(kind) }).map { index in
        try Self.tensor("\(folder)/set_0/\(kind)_\(index).pb")
      }
    }
    (inputs, outputs) = (try tensors("input"), try tensors("output"))
  }

  private static func tensor(_ path: String) throws -> ONNXConstant {
    let bytes = try FileBytes.read(path)
    let tensor = try ONNXParser.tensor(ProtobufReader(bytes, path: path, what: "a tensor"))
    var data = ONNXTensorData(ONNXFile(path: path, bytes: bytes), folder: nil)
    return try data.constant(tensor)
  }

  func verdict() throws -> Verdict {
    var refusals: [String] = []
    for reading in Reading.allCases {
      do throws(ONNXError) {
        if let difference = try difference(reading) { return .differs("\(reading): \(difference)") }
        return .agrees
      } catch {
        refusals.append("\(error)")
      }
    }
    return .refused(refusals.joined(separator: "\n"))
  }

  /// What differs when the inputs are read in this way, nil if nothing does.
  private func difference(_ reading: Reading) throws(ONNXError) -> String? {
    var importer = try ONNXImporter(file, folder: nil)
    let builder = importer.recorder.builder
    var values: [String: ReferenceTensor<Double>] = [:]
    var batch: Int?
    for (info, constant) in zip(file.inputs, inputs) {
      guard isImage(constant, reading, batch), case .floats(let floats) = constant.elements else {
        importer.bind(info.name, to: .constant(constant))
        continue
      }
      let type = TensorType(Shape(Array(constant.dimensions.dropFirst())))
      batch = constant.dimensions[0]
      importer.bind(info.name, to: .image(builder.input(info.name, type)), batch: batch)
      values[info.name] = ReferenceTensor(type, images: constant.dimensions[0], floats.map(Double.init))
    }
    let results = try importer.run()
    do throws(GraphError) {
      return try compare(results, importer.recorder, values, batch: batch ?? 1)
    } catch {
      return "\(error)"
    }
  }

  private func isImage(_ constant: ONNXConstant, _ reading: Reading, _ batch: Int?) -> Bool {
    guard case .floats = constant.elements, let rows = constant.dimensions.first else { return false }
    switch reading {
    case .firstIsImage: return batch == nil
    case .allAreImages: return batch == nil || batch == rows
    case .noneIsImage: return false
    }
  }

  private func compare(
    _ results: [ONNXOperand?], _ recorder: ONNXRecorder, _ values: [String: ReferenceTensor<Double>],
    batch: Int
  ) throws(GraphError) -> String? {
    let images = results.compactMap { result -> Value? in
      switch result {
      case .image(let value), .whole(let value): value
      case .constant, nil: nil
      }
    }
    let graph = try recorder.builder.finish(images)
    let weights = recorder.weights.mapValues { ReferenceTensor<Double>($0, .shared) }
    var computed = try Interpreter<Double>(graph).run(values, parameters: weights, images: batch)[...]
    if let difference = planDifference(graph, values.merging(weights) { $1 }, computed, batch) {
      return difference
    }
    for (index, (result, expected)) in zip(results, outputs).enumerated() {
      var got: (dimensions: [Int], elements: [Double])
      switch result {
      case .image:
        let value = computed.removeFirst()
        got = ([value.images] + value.type.shape.dimensions, value.elements)
      case .whole:
        let value = computed.removeFirst()
        got = (value.type.shape.dimensions, value.elements)
      case .constant(let constant): got = (constant.dimensions, Self.numbers(constant, batch: batch))
      case nil where index > 0: continue  // a mask, positions, statistics: made by no import function
      case nil: return "output \(index) is not computed"
      }
      if got.dimensions != expected.dimensions {
        return "output \(index) is \(got.dimensions), expected \(expected.dimensions)"
      }
      let pairs = zip(got.elements, Self.numbers(expected, batch: batch)).enumerated()
      if let bad = pairs.first(where: { !Self.isClose($0.element.0, $0.element.1) }) {
        return "output \(index) at \(bad.offset): \(bad.element)"
      }
    }
    return nil
  }

  /// What a plan of the graph says otherwise than the interpreter, nil if nothing. Numbers that are not finite have
  /// no distance, and a value that no operator makes has no plan.
  private func planDifference(
    _ graph: Graph, _ values: [String: ReferenceTensor<Double>],
    _ computed: ArraySlice<ReferenceTensor<Double>>,
    _ batch: Int
  ) -> String? {
    let isPlanned = graph.outputs.allSatisfy { id in
      graph.nodes[id].operation != nil && graph.nodes[id].type.multiplicity == .perImage
    }
    guard isPlanned, computed.allSatisfy({ $0.elements.allSatisfy(\.isFinite) }) else { return nil }
    do {
      return try comparePlan(of: graph, values, images: batch, on: .selected).first.map { "the plan: \($0)" }
    } catch {
      return "the plan: \(error)"
    }
  }

  private static func numbers(_ constant: ONNXConstant, batch: Int) -> [Double] {
    switch constant.elements {
    case .floats(let floats): floats.map(Double.init)
    case .integers(let integers): integers.map { Double($0.constant + $0.perImage * batch) }
    }
  }

  /// The tolerance that the package states for its tests.
  private static func isClose(_ got: Double, _ expected: Double) -> Bool {
    got == expected || got.isNaN && expected.isNaN || abs(got - expected) <= 1e-3 * abs(expected) + 1e-6
  }
}
