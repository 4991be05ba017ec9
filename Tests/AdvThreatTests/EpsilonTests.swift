import AdvThreat
import Testing

@Suite struct EpsilonTests {
  @Test(
    arguments: [
      ("0.007", 0.007), ("8/255", 8.0 / 255), ("2px", 2.0 / 255), ("0", 0), ("1", 1), ("255px", 1),
      (" 1e-3 ", 1e-3),
      ("0.5px", 0.5 / 255),
    ] as [(String, Double)])
  func `numbers, fractions and levels are read`(_ text: String, _ value: Double) throws {
    #expect(try Epsilon(text).value == value)
    #expect(try Epsilon(text).ball == Ball(.linf, radius: Float(value)))
  }

  @Test(arguments: [
    ("-0.1", "must not be negative"), ("nan", "finite"), ("inf", "finite"), ("1/0", "finite"),
    ("0/0", "finite"),
    ("8", "write 8px or 8/255"), ("1.01", "larger than the box"), ("abc", "write a number"),
    ("", "write a number"),
    ("1/2/3", "write a number"), ("0x1p-3", "write a number"), ("px", "write a number"),
    ("300", "larger than the box"),
  ])
  func `what is no radius is refused with a remedy`(_ text: String, _ remedy: String) {
    #expect { try Epsilon(text) } throws: { "\($0)".contains(remedy) }
  }

  @Test func `the norm decides what is too large`() throws {
    #expect(try Epsilon("12", norm: .l1).value == 12)
    #expect(try Epsilon("3", norm: .l2).value == 3)
    #expect(try Epsilon("20", norm: .l0).value == 20)
    #expect(throws: ThreatError.self) { try Epsilon("2.5", norm: .l0) }
  }

  @Test(arguments: [
    ("0.007", 1, "0.007 = 1.785 levels; strict budget 1 level (0.00392)"),
    ("8/255", 8, "8/255 = 0.031373 = 8 levels; strict budget 8 levels (0.0314)"),
    ("0.031", 7, "0.031 = 7.905 levels; strict budget 7 levels (0.0275)"),
    ("0.003", 0, "0.003 = 0.765 levels; strict budget 0 levels (0): no file can hold it"),
    ("0", 0, "0 = 0 levels; strict budget 0 levels (0)"),
  ])
  func `a radius is shown in levels`(_ text: String, _ levels: Int, _ line: String) throws {
    #expect(try Epsilon(text).strictLevels == levels)
    #expect(try Epsilon(text).explanation == line)
  }

  @Test func `every number of levels is its own strict budget`() throws {
    for level in 0...255 {
      #expect(try Epsilon("\(level)/255").strictLevels == level)
      #expect(try Epsilon("\(level)px").strictLevels == level)
    }
  }

  @Test func `lists are read part by part`() throws {
    #expect(try Epsilon.list("1/255,2/255,8/255").map(\.strictLevels) == [1, 2, 8])
    #expect(throws: ThreatError.self) { try Epsilon.list("1/255,,2/255") }
  }
}
