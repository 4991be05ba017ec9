import CKernels

/// The arithmetic peak of this machine, measured with fused multiply–adds that never leave the registers.
public enum PeakProbe {
  /// Runs `rounds` rounds on every thread of the pool at once; returns the floating-point operations done.
  ///
  /// Timed by the caller, it gives the figure that kernels are compared with.
  public static func run(rounds: Int, on pool: WorkerPool, _ isa: InstructionSet = .selected) -> Double {
    let code = isa.code
    pool.forEach(pool.threads) { _, _ in
      var sink: Float = 0
      _ = advk_peak_probe(code, rounds, &sink)
    }
    var sink: Float = 0
    return Double(pool.threads) * advk_peak_probe(code, 1, &sink) * Double(rounds)
  }
}
