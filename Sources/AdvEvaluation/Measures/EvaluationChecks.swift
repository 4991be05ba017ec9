import AdvAttacks
import AdvThreat

/// What the self-test checks besides the attacks: the textbook example through a network, and the intervals.
public enum EvaluationChecks {
  /// Runs all checks; one that cannot be run at all has failed.
  public static func run() -> [SelfTest.Check] { [logistic, interval, epsilon] }

  private static var logistic: SelfTest.Check {
    let name = "logistic classifier: P(1) before and after one step of ε are σ(w·x) and σ(w·x + ε‖w‖₁)"
    do {
      let example = try LogisticDemonstration()
      let error = max(
        abs(example.before - example.expectedBefore), abs(example.after - example.expectedAfter))
      return SelfTest.Check(
        name: name, passed: error < 1e-6,
        detail: "\(Self.figure(example.before)) → \(Self.figure(example.after)), off by \(error)")
    } catch {
      return SelfTest.Check(name: name, passed: false, detail: "\(error)")
    }
  }

  private static var interval: SelfTest.Check {
    // 5 of 10 at 95 %: the tables say 0.1871 … 0.8129.
    let found = Binomial.interval(hits: 5, trials: 10)
    let error = max(abs(found.low - 0.187086), abs(found.high - 0.812914))
    return SelfTest.Check(
      name: "Clopper–Pearson interval of 5 of 10", passed: error < 1e-6,
      detail: "\(Self.figure(found.low)) … \(Self.figure(found.high))")
  }

  private static var epsilon: SelfTest.Check {
    let levels = Lattice.strictLevels(radius: 0.007)
    return SelfTest.Check(
      name: "ε = 0.007 leaves a file one level of 255", passed: levels == 1, detail: "\(levels) level")
  }

  private static func figure(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
