import AdvGraph
import AdvRuntime
import AdvTensor
import AdvThreat

/// The gradient oracle of a classifier, for one worker. After its first batch a step allocates nothing.
public final class NetworkOracle: TwofoldOracle {
  /// The images that the model accepts.
  public let domain: InputDomain
  /// The number of logits.
  public let classCount: Int
  /// A network names a class for every image; what refuses stands in front of it.
  public var rejectedClass: Int? { nil }
  private let inference: Session
  /// Forward passes of a search in its own precision; a session apart, so that `pullback` keeps what it needs.
  private let queries: Session?
  private var isSearching = false
  private let gradient: Session
  private var guardian: LogitGuard

  /// An oracle with its own working memory and threads.
  init(_ classifier: Classifier, threads: Int) {
    domain = classifier.domain
    classCount = classifier.classCount
    let pool = WorkerPool(threads: threads)
    inference = Session(classifier.network.inference, pool: pool)
    gradient = Session(classifier.network.gradient, pool: pool)
    queries = classifier.searchesExactly ? nil : Session(classifier.network.gradient, pool: pool)
    guardian = LogitGuard(model: classifier.model.name)
  }

  /// Until the next call `logits` answers a search, in the precision of `linearize`, or a verdict, exactly.
  public func fix(_ draw: Draw) { isSearching = draw != .verdict }

  /// The logits [n, classes] of [n, C, H, W].
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    do throws(SessionError) {
      try (isSearching ? queries ?? inference : inference).forward(images, into: &logits)
    } catch {
      throw .oracleFailed(error.description)
    }
    try guardian.check(logits)
  }

  /// The predicted classes, always exactly: who asks for labels walks along the boundary, where rounding decides.
  public func labels(_ images: Tensor) throws(ThreatError) -> [Int] {
    let wasSearching = isSearching
    isSearching = false
    defer { isSearching = wasSearching }
    return predictions(try logits(images))
  }

  /// A forward pass that `pullback` can go back through.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    do throws(SessionError) {
      try gradient.forward(images, into: &logits)
    } catch {
      throw .oracleFailed(error.description)
    }
    try guardian.check(logits)
  }

  /// Σ cotangent · ∂logits/∂images at the images of the last `linearize`.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    do throws(SessionError) {
      try self.gradient.backward(cotangent, into: &gradient)
    } catch {
      throw .oracleFailed(error.description)
    }
  }
}

/// Refuses a network whose outputs are probabilities, as its first answers show.
struct LogitGuard {
  private let model: String
  private var isProven = false

  /// A guard that names this model in its refusal.
  init(model: String) { self.model = model }

  /// Throws if every row of `logits` [n, classes] lies in 0…1 and sums to 1. Looks until a row does not.
  mutating func check(_ logits: Tensor) throws(ThreatError) {
    if isProven || logits.rowCount == 0 { return }
    let classes = logits.rowStride
    // One row of two logits can be (0, 1) by chance: a logistic model presents [0, z].
    if logits.rowCount == 1 && classes <= 2 { return }
    let looksLikeProbabilities = logits.withElements { z in
      (0..<logits.rowCount).allSatisfy { row in
        var sum: Float = 0
        for index in row * classes..<(row + 1) * classes {
          if !(z[index] >= 0 && z[index] <= 1) { return false }
          sum += z[index]
        }
        return abs(sum - 1) < 1e-4
      }
    }
    if !looksLikeProbabilities {
      isProven = true
      return
    }
    throw .modelRefused(
      "model '\(model)': every output lies in 0…1 and each row sums to 1: these are probabilities, expected "
        + "logits.\n  Export the network without its last softmax: attacks need the scores before it.")
  }
}
