import Foundation
import Testing

@testable import AdvCommands

/// Every `advkit …` line of the README is a command line that the program accepts.
struct ReadmeTests {
  private static let commands: [[String]] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = (try? String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("    advkit ") }.map { line in
      let command = line.split(separator: "#")[0]
      return command.split(separator: " ").dropFirst().map(String.init)
    }
  }()

  @Test func `the README has examples`() { #expect(Self.commands.count >= 10) }

  @Test(arguments: commands)
  func `an example parses`(_ arguments: [String]) throws { _ = try Advkit.parseAsRoot(arguments) }
}
