import AdvTensor
import AdvThreat

/// The mean of several models' logits — adaptive attacks on ensembles: He et al. 2017, arXiv:1706.04701.
public struct Ensemble: Defense {
  /// What it is.
  public static let card = DefenseCard(
    "ensemble", "Ensemble", paper: "arXiv:1706.04701",
    rule: "z = mean of z_m(x) over the model and the others",
    gradient: .exact, remark: "the others take the same images and know the same classes")

  /// The other models, by name or file, separated by semicolons.
  public var models = ""

  /// No other model yet.
  public init() {}

  /// The table of parameters.
  public static let parameters: [Parameter<Ensemble>] = [
    .text("models", \.models, expected: "names or files, separated by ;", "The models beside the first.")
  ]

  /// The models' names.
  public var names: [String] { models.split(separator: ";").map(String.init) }

  /// The base and the others. Throws where one is missing or does not fit.
  public func guarding(
    _ base: any GradientOracle, _ context: DefenseContext
  ) throws(ThreatError) -> any GradientOracle {
    guard !names.isEmpty else {
      throw .invalidParameter(
        owner: "ensemble", parameter: "models", got: models, expected: "at least one name, as in lenet5;vgg")
    }
    guard base.rejectedClass == nil else {
      throw .oracleFailed(
        "defence ensemble: the model behind it has a detector and refuses images, a class that '\(models)' lacks.\n"
          + "  Put the detector first, where it judges the mean of all: feature-squeezing+ensemble:models=\(models)."
      )
    }
    var members = [base]
    for name in names {
      guard let make = context.members[name] else {
        throw .invalidParameter(
          owner: "ensemble", parameter: "models", got: name, expected: "a model that is loaded")
      }
      let member = make()
      guard member.classCount == base.classCount, member.domain == base.domain else {
        let shape = { (oracle: any GradientOracle) in
          "\(oracle.classCount) classes of images \(oracle.domain.imageShape.map { "\($0)" } ?? "of any size")"
        }
        throw .mismatch(what: "model '\(name)' of the ensemble", got: shape(member), expected: shape(base))
      }
      members.append(member)
    }
    return EnsembleOracle(members)
  }
}

/// The mean of the logits of several models.
final class EnsembleOracle: RandomizedOracle, WrappingOracle {
  private let members: [any GradientOracle]
  private var part = Tensor([0])

  init(_ members: [any GradientOracle]) { self.members = members }

  /// The members know the same classes and take the same images.
  var wrapped: any LabelOracle { members[0] }

  func fix(_ draw: Draw, of ids: [UInt64]) {
    for member in members { member.announce(draw, of: ids) }
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try mean(into: &logits) { (member, z) throws(ThreatError) in
      try member.logits(images, into: &z)
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try mean(into: &logits) { (member, z) throws(ThreatError) in
      try member.linearize(at: images, logits: &z)
    }
  }

  // forward: z = (1/M) Σ z_m    so: dx = (1/M) Σ pullback_m(dz).
  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    try members[0].pullback(cotangent, into: &gradient)
    for member in members.dropFirst() {
      try member.pullback(cotangent, into: &part)
      gradient.add(part)
    }
    scale(&gradient)
  }

  private func mean(
    into sum: inout Tensor,
    _ ask: (any GradientOracle, inout Tensor) throws(ThreatError) -> Void
  ) throws(ThreatError) {
    try ask(members[0], &sum)
    for member in members.dropFirst() {
      try ask(member, &part)
      sum.add(part)
    }
    scale(&sum)
  }

  private func scale(_ sum: inout Tensor) {
    let count = Float(members.count)
    sum.withMutableElements { values in
      for index in values.indices { values[index] /= count }
    }
  }
}
