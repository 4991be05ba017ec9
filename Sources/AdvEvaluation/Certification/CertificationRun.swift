import AdvTensor
import AdvThreat
import Synchronization

/// Certificates of every image of a source.
public struct CertificationRun: Sendable {
  /// The images; without labels of their own, what is certified is what is right.
  public var source: ImageSource
  /// The procedure.
  public var procedure: RandomizedCertification
  /// Threads; no result depends on them.
  public var threads = 1
  private let makeOracle: @Sendable () throws -> any GradientOracle

  /// A run; `makeOracle` makes the base model's view for one thread.
  public init(
    source: ImageSource, procedure: RandomizedCertification,
    makeOracle: @escaping @Sendable () throws -> any GradientOracle
  ) {
    (self.source, self.procedure, self.makeOracle) = (source, procedure, makeOracle)
  }

  /// What was found for one image.
  public struct Result: Sendable {
    /// Its name.
    public let id: String
    /// Its label, where there is one.
    public let label: Int?
    /// The certificate; nil where the model gave no finite answer.
    public let certificate: SmoothingCertificate?

    /// Whether the smoothed model is right, and cannot be changed by less than this radius.
    public func holds(at radius: Double) -> Bool {
      guard let certificate, let named = certificate.label else { return false }
      return named == label ?? named && certificate.radius >= radius
    }
  }

  /// The results in the source's order; after a stop those that were finished. `progress` hears how many are.
  public func results(
    stop: StopSignal = StopSignal(), progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [Result] {
    let done = Mutex(0)
    return try BatchPool(threads: threads, stop: stop).map(
      BatchPool.batches(of: source.count, size: 1), state: makeOracle
    ) { oracle, places in
      try result(places.lowerBound, on: oracle)
    } finished: { _, _ in
      done.withLock { count in
        count += 1
        progress(count)
      }
    }
  }

  private func result(_ place: Int, on oracle: any GradientOracle) throws -> Result {
    let (id, label) = (source.identifier(place), source.label(place))
    do throws(ThreatError) {
      let image: Tensor
      do { image = try source.image(place) } catch { throw ThreatError.oracleFailed("\(error)") }
      let certificate = try procedure.certificate(of: image, id: source.key(place), on: oracle)
      return Result(id: id, label: label, certificate: certificate)
    } catch {
      guard case .notFinite = error else { throw error }
      return Result(id: id, label: label, certificate: nil)
    }
  }
}
