import Testing

@testable import AdvFormats

private func decode(_ text: String) throws(FormatError) -> VNNLibProperty {
  try VNNLibProperty.decode(Array(text.utf8), named: "f")
}

private let variables =
  "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
private let box = "(assert (>= X_0 0)) (assert (<= X_0 0.03)) (assert (<= -1.5 X_1)) (assert (>= 2e-1 X_1))"

@Suite struct VNNLibTests {
  @Test func `a box and a choice of outputs are read`() throws {
    let property = try decode(
      "; a comment (\n\(variables)\n\(box)\n(assert (or (and (>= Y_0 Y_1)) (and (<= Y_0 3.5) (>= Y_1 0.25))))"
    )
    #expect(property.inputCount == 2 && property.outputCount == 2 && property.cases.count == 2)
    for item in property.cases { #expect(item.lower == [0, -1.5] && item.upper == [0.03, 0.2]) }
    #expect(property.cases[0].constraints == [.init(coefficients: [-1, 1], bound: 0)])
    #expect(
      property.cases[1].constraints == [
        .init(coefficients: [1, 0], bound: 3.5), .init(coefficients: [0, -1], bound: -0.25),
      ])
  }

  @Test func `linear terms are gathered, and boxes may be alternatives`() throws {
    let property = try decode(
      """
      \(variables)
      (assert (or (and (<= X_0 1) (>= X_0 0)) (and (<= X_0 3) (>= (* 2 X_0) 4))))
      (assert (<= X_1 1)) (assert (>= X_1 1))
      (assert (<= (+ Y_0 (* 3 Y_1) -1) (- Y_1)))
      """)
    #expect(property.cases.map(\.lower) == [[0, 1], [2, 1]])
    #expect(property.cases.map(\.upper) == [[1, 1], [3, 1]])
    #expect(property.cases[0].constraints == [.init(coefficients: [1, 4], bound: 1)])
  }

  @Test func `contradictions leave no case`() throws {
    #expect(try decode("\(variables)\(box)(assert (<= X_0 -1))(assert (<= Y_0 0))").cases.isEmpty)
    #expect(try decode("\(variables)\(box)(assert (<= 1 0))").cases.isEmpty)
  }

  @Test(arguments: [
    ("(", "never closed"), ("\0", "control character"), ("(x\u{b})", "control character"),
    (")", "closes nothing"), ("x", "no statement"), ("(check-sat)", "'check-sat'"),
    ("(declare-const X_0 Int)", "declares no variable"), ("(declare-const Z_0 Real)", "declares no variable"),
    ("(declare-const X_01 Real)", "declares no variable"), ("\(variables)\(variables)", "again"),
    ("(declare-const X_0 Real)", "without holes"),
    ("(declare-const X_1 Real)(declare-const Y_0 Real)", "holes"),
    ("(assert (<= X_0 1))", "not declared"), ("\(variables)(assert (< Y_0 1))", "'<'"),
    ("\(variables)(assert (<= Y_0 nan))", "'nan'"), ("\(variables)(assert (<= Y_0 1 2))", "compares 3"),
    ("\(variables)(assert (<= (* Y_0 Y_1) 1))", "multiplies variables"),
    ("\(variables)(assert (<= (/ Y_0 2) 1))", "'/'"), ("\(variables)\(box)(assert (<= X_0 X_1))", "several"),
    ("\(variables)(assert (<= X_0 1))", "no lower bound"), ("\(variables)(assert (<= Y_0", "never closed"),
  ])
  func `what is no property is refused with its place`(_ text: String, _ expected: String) {
    let error = formatError { () throws(FormatError) in _ = try decode(text) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  @Test func `a small text cannot ask for much`() {
    let deep = String(repeating: "(or ", count: 1 << 16)
    #expect(formatError { () throws(FormatError) in _ = try decode(deep) }?.reason == .tooLarge)
    let choice = "(or " + String(repeating: "(<= Y_0 1)", count: 64) + ")"
    let many = variables + box + String(repeating: "(assert \(choice))", count: 16)
    #expect(formatError { () throws(FormatError) in _ = try decode(many) }?.reason == .tooLarge)
    let product = "(assert (and" + String(repeating: choice, count: 16) + "))"
    #expect(
      formatError { () throws(FormatError) in _ = try decode(variables + product) }?.reason == .tooLarge)
  }

  @Test func `mutated properties are read or refused`() {
    let seed = Array("\(variables)\n\(box)\n(assert (or (and (>= Y_0 Y_1)) (<= (+ Y_0 1) 3.5)))".utf8)
    let refused = FuzzTests.survive([seed], seed: 41) { bytes throws(FormatError) in
      _ = try VNNLibProperty.decode(bytes, named: "f")
    }
    #expect(refused > FuzzTests.trials / 4)
  }

  @Test func `a counterexample has the competition's form`() {
    let text = VNNLibProperty.counterexample(inputs: [0.5, -2], outputs: [0.25])
    #expect(text == "sat\n((X_0 0.5)\n(X_1 -2.0)\n(Y_0 0.25))\n")
  }

  // 0.9460784196853638 is the bound of a competition's property; the nearest Float is above it, its shortest
  // decimal, 0.9460784, below.
  @Test func `a counterexample's decimals lie in the box in double precision too`() throws {
    let value = Float(0.9460784196853638)
    let text = VNNLibProperty.counterexample(inputs: [value], outputs: [])
    let decimal = try #require(text.split(separator: " ").last?.prefix { $0 != ")" })
    #expect(Double(decimal) == Double(value) && Double(value) >= 0.9460784196853638)
  }
}
