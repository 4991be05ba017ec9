import CKernels

/// The instruction sets that the kernels are compiled for.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// 512-bit vectors.
  case avx512
  /// 256-bit vectors with fused multiply–add.
  case avx2
  /// Portable code; NEON on arm64.
  case plain

  /// Whether this machine runs it.
  public var isSupported: Bool { advk_isa_is_supported(code) }

  /// What the environment variable `ADVKIT_ISA` names if it can be run, otherwise the widest of this machine.
  public static var selected: InstructionSet {
    switch advk_isa_selected() {
    case .avx512: .avx512
    case .avx2: .avx2
    case .plain: .plain
    }
  }

  var code: AdvkISA {
    switch self {
    case .avx512: .avx512
    case .avx2: .avx2
    case .plain: .plain
    }
  }
}
