/// Reads the statements of a VNN-LIB property into alternatives of linear inequalities.
struct VNNLibParser {
  /// A variable of the network.
  enum Variable: Hashable {
    case input(Int)
    case output(Int)
  }

  /// Σ coefficient · variable + constant.
  struct Sum {
    var coefficients: [Variable: Double] = [:]
    var constant = 0.0

    /// This sum plus a multiple of another.
    func adding(_ other: Sum, times factor: Double) -> Sum {
      var sum = self
      for (variable, coefficient) in other.coefficients {
        sum.coefficients[variable, default: 0] += factor * coefficient
      }
      sum.constant += factor * other.constant
      return sum
    }
  }

  /// A sum that must be at most 0, and where it stands.
  struct Inequality {
    let sum: Sum
    let line: Int
  }

  private let path: String
  private var declared: Set<Variable> = []
  /// What every counterexample meets.
  private var common: [Inequality] = []
  /// Of each of these groups it meets one alternative; groups stay apart until the end.
  private var choices: [[[Inequality]]] = []

  init(path: String) { self.path = path }

  /// One `declare-const` or `assert`.
  mutating func statement(_ expression: SymbolicExpression) throws(FormatError) {
    guard case .list(let parts, let line) = expression, case .symbol(let word, _)? = parts.first else {
      throw malformed(expression.line, "is no statement", expected: "(declare-const …) or (assert …)")
    }
    switch word {
    case "declare-const": try declare(parts, line)
    case "assert":
      guard parts.count == 2 else { throw malformed(line, "asserts \(parts.count - 1) expressions") }
      let alternatives = try formula(parts[1])
      if alternatives.count == 1 { common += alternatives[0] } else { choices.append(alternatives) }
    default: throw malformed(line, "has the statement '\(word)'", expected: "declare-const or assert")
    }
  }

  private mutating func declare(_ parts: [SymbolicExpression], _ line: Int) throws(FormatError) {
    guard parts.count == 3, case .symbol(let name, _) = parts[1], case .symbol("Real", _) = parts[2],
      let variable = Self.variable(name)
    else { throw malformed(line, "declares no variable", expected: "(declare-const X_0 Real)") }
    guard declared.insert(variable).inserted else { throw malformed(line, "declares '\(name)' again") }
  }

  private static func variable(_ name: Substring) -> Variable? {
    guard let index = Int(name.dropFirst(2)), index >= 0, index < VNNLibProperty.variableLimit else {
      return nil
    }
    if name == "X_\(index)" { return .input(index) }
    return name == "Y_\(index)" ? .output(index) : nil
  }

  // MARK: Formulas

  /// The alternatives of a formula, each a list of inequalities that hold together.
  private func formula(_ expression: SymbolicExpression) throws(FormatError) -> [[Inequality]] {
    guard case .list(let parts, let line) = expression, case .symbol(let word, _)? = parts.first else {
      throw malformed(expression.line, "is no formula")
    }
    switch word {
    case "<=", ">=":
      guard parts.count == 3 else { throw malformed(line, "compares \(parts.count - 1) terms") }
      let (left, right) = (try term(parts[1]), try term(parts[2]))
      let sum = word == "<=" ? left.adding(right, times: -1) : right.adding(left, times: -1)
      return [[Inequality(sum: sum, line: line)]]
    case "or":
      var alternatives: [[Inequality]] = []
      for part in parts.dropFirst() { alternatives += try formula(part) }
      return alternatives
    case "and":
      var product: [[Inequality]] = [[]]
      for part in parts.dropFirst() { product = try Self.product(product, try formula(part), path) }
      return product
    default: throw malformed(line, "has the operator '\(word)'", expected: "<=, >=, and, or")
    }
  }

  /// Every pair of alternatives together.
  private static func product(
    _ left: [[Inequality]], _ right: [[Inequality]], _ path: String
  ) throws(FormatError) -> [[Inequality]] {
    if right.count == 1, left.count == 1 { return [left[0] + right[0]] }
    let numbers = { (side: [[Inequality]]) in side.reduce(0) { $0 + $1.count + 1 } }
    let size = numbers(left).multipliedReportingOverflow(by: right.count)
    let more = numbers(right).multipliedReportingOverflow(by: left.count)
    guard !size.overflow, !more.overflow, size.partialValue + more.partialValue <= 1 << 20 else {
      throw FormatError(.tooLarge, path: path, "the property has too many alternatives")
    }
    return left.flatMap { one in right.map { one + $0 } }
  }

  private func term(_ expression: SymbolicExpression) throws(FormatError) -> Sum {
    switch expression {
    case .symbol(let word, let line):
      if let variable = Self.variable(word) {
        guard declared.contains(variable) else { throw malformed(line, "uses '\(word)', not declared") }
        return Sum(coefficients: [variable: 1])
      }
      guard let number = Double(word), number.isFinite else {
        throw malformed(line, "has the term '\(word)'", expected: "a number, X_i or Y_j")
      }
      return Sum(constant: number)
    case .list(let parts, let line):
      guard case .symbol(let word, _)? = parts.first, parts.count >= 2 else {
        throw malformed(line, "is no term")
      }
      var terms: [Sum] = []
      for part in parts.dropFirst() { terms.append(try term(part)) }
      return try combine(String(word), terms, line)
    }
  }

  private func combine(_ word: String, _ terms: [Sum], _ line: Int) throws(FormatError) -> Sum {
    switch word {
    case "+": return terms.reduce(Sum()) { $0.adding($1, times: 1) }
    case "-":
      if terms.count == 1 { return Sum().adding(terms[0], times: -1) }
      return terms.dropFirst().reduce(terms[0]) { $0.adding($1, times: -1) }
    case "*":
      var product = Sum(constant: 1)
      for term in terms {
        if product.coefficients.isEmpty {
          product = Sum().adding(term, times: product.constant)
        } else if term.coefficients.isEmpty {
          product = Sum().adding(product, times: term.constant)
        } else {
          throw malformed(line, "multiplies variables", expected: "linear terms")
        }
      }
      return product
    default: throw malformed(line, "has the operator '\(word)'", expected: "+, -, *")
    }
  }

  private func malformed(_ line: Int, _ what: String, expected: String? = nil) -> FormatError {
    FormatError(
      .malformed, path: path, "line \(line) \(FormatError.printable(what))", expected: expected,
      remedy: "Properties are read in the VNN-LIB subset of declare-const, assert, <=, >=, and, or.")
  }
}

extension VNNLibParser {
  /// The property that the statements make.
  consuming func property() throws(FormatError) -> VNNLibProperty {
    var (inputs, outputs) = (0, 0)
    for variable in declared {
      switch variable {
      case .input(let index): inputs = max(inputs, index + 1)
      case .output(let index): outputs = max(outputs, index + 1)
      }
    }
    guard inputs > 0, outputs > 0, inputs + outputs == declared.count else {
      throw FormatError(
        .malformed, path: path, "the property does not declare X_0, X_1, … and Y_0, Y_1, … without holes")
    }
    var alternatives: [[Inequality]] = [[]]
    for choice in choices { alternatives = try Self.product(alternatives, choice, path) }
    guard
      (2 * inputs + outputs).multipliedReportingOverflow(by: alternatives.count).partialValue
        <= VNNLibProperty.numberLimit, common.count * alternatives.count <= VNNLibProperty.numberLimit
    else { throw FormatError(.tooLarge, path: path, "the property has too many cases of too many inputs") }
    var cases: [VNNLibProperty.Case] = []
    for alternative in alternatives {
      if let found = try makeCase(common + alternative, inputs, outputs) { cases.append(found) }
    }
    return VNNLibProperty(inputCount: inputs, outputCount: outputs, cases: cases)
  }

  /// One case, nil where its inequalities contradict each other.
  private func makeCase(
    _ inequalities: [Inequality], _ inputs: Int, _ outputs: Int
  ) throws(FormatError) -> VNNLibProperty.Case? {
    var lower = [Double](repeating: -.infinity, count: inputs)
    var upper = [Double](repeating: .infinity, count: inputs)
    var constraints: [VNNLibProperty.Constraint] = []
    for inequality in inequalities {
      let terms = inequality.sum.coefficients.filter { $0.value != 0 }
      let bound = -inequality.sum.constant
      if terms.isEmpty {
        if bound < 0 { return nil }
      } else if terms.count == 1, case (.input(let index), let factor)? = terms.first {
        if factor > 0 { upper[index] = min(upper[index], bound / factor) }
        if factor < 0 { lower[index] = max(lower[index], bound / factor) }
      } else {
        constraints.append(try constraint(terms, bound, outputs, inequality.line))
      }
    }
    for index in 0..<inputs {
      guard lower[index].isFinite, upper[index].isFinite else {
        throw FormatError(
          .unsupported, path: path,
          "input X_\(index) has no \(lower[index].isFinite ? "upper" : "lower") bound",
          expected: "an interval for every input", remedy: "State both bounds of every X.")
      }
      if lower[index] > upper[index] { return nil }
    }
    return VNNLibProperty.Case(lower: lower, upper: upper, constraints: constraints)
  }

  private func constraint(
    _ terms: [Variable: Double], _ bound: Double, _ outputs: Int, _ line: Int
  ) throws(FormatError) -> VNNLibProperty.Constraint {
    var coefficients = [Double](repeating: 0, count: outputs)
    for (variable, factor) in terms {
      guard case .output(let index) = variable else {
        throw FormatError(
          .unsupported, path: path, "line \(line) ties several variables to an input",
          expected: "an interval for each input, and constraints of outputs alone")
      }
      coefficients[index] = factor
    }
    return VNNLibProperty.Constraint(coefficients: coefficients, bound: bound)
  }
}
