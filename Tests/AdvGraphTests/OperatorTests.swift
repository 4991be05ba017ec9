import AdvConformance
import AdvGraph
import Foundation
import Testing

struct OperatorTests {
  @Test(arguments: OperatorCases.all)
  func `pullback agrees with central differences`(_ subject: OperatorCase) {
    #expect(checkOperator(subject).isEmpty)
  }

  @Test func `every operator of the sources is in the table`() throws {
    let folder = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/AdvGraph/Operators")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let declared = try files.filter { $0.pathExtension == "swift" }.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).matches(of: /struct (\w+): Operator/).map {
        String($0.output.1)
      }
    }
    let tested = OperatorCases.all.map { String(describing: type(of: $0.operation)) }
    #expect(declared.count > 30)
    #expect(Set(declared).subtracting(tested).isEmpty)
  }

  @Test func `names in dumps are unique`() {
    let types = Dictionary(grouping: OperatorCases.all) { String(describing: type(of: $0.operation)) }
    let names = types.values.compactMap { $0.first.map { type(of: $0.operation).name } }
    #expect(Set(names).count == types.count)
  }

  @Test func `a wrong pullback is caught`() {
    let problems = checkOperator(OperatorCase(Doubled(), [.image([3])]), images: [2])
    #expect(problems.count == 1)
    #expect(problems.first?.contains("toward 'operand0'") == true)
  }
}

/// 2x with the pullback of x: what the check exists to find.
private struct Doubled: Operator {
  static let name = "doubled"

  func resultType(of operands: [TensorType]) throws(OperandError) -> TensorType { operands[0] }

  func evaluate<S: ReferenceScalar>(_ operands: [ReferenceTensor<S>]) -> ReferenceTensor<S> {
    operands[0].map { 2 * $0 }
  }

  func pullback(of cotangent: Value, to operand: Int, at site: Site) -> Value? { cotangent }
}
