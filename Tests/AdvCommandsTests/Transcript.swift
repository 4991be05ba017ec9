import AdvFormats
import AdvModels
import AdvTensor
import Foundation
import Synchronization

@testable import AdvCommands

/// One command line, run in this process: what it wrote and how it ended.
struct Transcript {
  let status: ExitStatus
  let output: String
  let messages: String

  init(_ arguments: String...) { self.init(arguments) }

  init(_ arguments: [String], isInteractive: Bool = false) {
    let text = Collected()
    let console = Console(
      isInteractive: isInteractive,
      result: { line in text.value.withLock { $0.output += line + "\n" } },
      message: { piece in text.value.withLock { $0.messages += piece } })
    status = Program.run(arguments, on: console)
    (output, messages) = text.value.withLock { ($0.output, $0.messages) }
  }

  private final class Collected: Sendable {
    let value = Mutex((output: "", messages: ""))
  }

  /// The lines of the error message; an error has one or two, but for lists of tensors.
  var errorLines: [Substring] {
    guard let start = messages.range(of: "error: ") else { return [] }
    return messages[start.upperBound...].split(separator: "\n")
  }
}

/// Where the real inputs are, nil without them.
enum RealData {
  static let path: String? = {
    let folder =
      ProcessInfo.processInfo.environment["ADVKIT_DATA"]
      ?? FileManager.default.currentDirectoryPath + "/../shared/data"
    return FileManager.default.fileExists(atPath: folder + "/cifar10") ? folder : nil
  }()
}

extension Scratch {
  /// A checkpoint of the model `linear` with small random weights; `change` may spoil it.
  func linearCheckpoint(
    _ name: String = "w.safetensors", change: (inout [TensorArchive.Entry]) -> Void = { _ in }
  ) throws -> String {
    var stream = RandomStream(seed: 3)
    var entries = [
      TensorArchive.Entry(
        name: "linear.weight",
        tensor: Tensor([10, 3072], (0..<30_720).map { _ in stream.normal() * 0.05 })),
      TensorArchive.Entry(name: "linear.bias", tensor: Tensor([10])),
    ]
    change(&entries)
    try AtomicFile.write(try Safetensors.encode(TensorArchive(entries), as: .float32), to: self[name])
    return self[name]
  }

  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try AtomicFile.write(bytes, to: self[name])
    return self[name]
  }
}
