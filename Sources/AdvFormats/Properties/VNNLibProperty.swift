/// A property in the VNN-LIB language: which inputs and outputs together would be a counterexample.
///
/// Read: `declare-const X_i|Y_j Real`, and `assert` of `<=`, `>=`, `and`, `or` over sums, differences and
/// multiples of variables. Each case bounds every input, and its constraints are about outputs alone.
public struct VNNLibProperty: Sendable {
  /// Σ coefficient · Y ≤ bound.
  public struct Constraint: Hashable, Sendable {
    /// One coefficient for each output.
    public let coefficients: [Double]
    /// What the sum may be at most.
    public let bound: Double
  }

  /// One way to be a counterexample.
  public struct Case: Sendable {
    /// The smallest value of each input.
    public internal(set) var lower: [Double]
    /// The largest value of each input.
    public internal(set) var upper: [Double]
    /// What the outputs must meet, all of it.
    public internal(set) var constraints: [Constraint]
  }

  /// The number of inputs, X_0 and on.
  public let inputCount: Int
  /// The number of outputs, Y_0 and on.
  public let outputCount: Int
  /// The cases; a counterexample meets one of them.
  public let cases: [Case]

  /// The longest text that is parsed.
  public static let sizeLimit = 1 << 27
  /// The most numbers that all cases together may hold.
  public static let numberLimit = 1 << 24
  /// The most inputs, and the most outputs.
  public static let variableLimit = 1 << 20

  /// Reads a file.
  public static func read(_ path: String) throws(FormatError) -> VNNLibProperty {
    try decode(try FileBytes.read(path, limit: sizeLimit), named: path)
  }

  /// Decodes a text. Throws what is wrong with its line.
  public static func decode(
    _ bytes: [UInt8], named path: String = "VNN-LIB data"
  ) throws(FormatError) -> VNNLibProperty {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatError(.malformed, path: path, "the property holds text that is not UTF-8")
    }
    var parser = VNNLibParser(path: path)
    for expression in try SymbolicExpression.parse(text, path: path) { try parser.statement(expression) }
    return try parser.property()
  }

  init(inputCount: Int, outputCount: Int, cases: [Case]) {
    (self.inputCount, self.outputCount, self.cases) = (inputCount, outputCount, cases)
  }

  /// A counterexample in the competition's format: the verdict `sat`, then every variable with its value, whose
  /// decimals are exact to double precision: the shortest ones of a `Float` may lie outside a box that it lies in.
  public static func counterexample(inputs: [Float], outputs: [Float]) -> String {
    let pairs =
      inputs.enumerated().map { "(X_\($0) \(Double($1)))" }
      + outputs.enumerated().map { "(Y_\($0) \(Double($1)))" }
    return "sat\n(" + pairs.joined(separator: "\n") + ")\n"
  }
}
