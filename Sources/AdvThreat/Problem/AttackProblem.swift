import AdvTensor

/// What an attack is asked for.
public enum Objective: Hashable, Sendable {
  /// Any adversarial point of the ball.
  case within(Ball)
  /// The nearest adversarial point.
  case minimize(Norm)
  /// Any adversarial point that a threat other than a ball allows.
  case under(Threat)

  /// The norm that perturbations are measured in.
  public var norm: Norm {
    switch self {
    case .within(let ball): ball.norm
    case .minimize(let norm): norm
    case .under(let threat): threat.norm
    }
  }
}

/// A batch of images, what counts as breaking them, and how far they may be moved.
public struct AttackProblem: Sendable {
  /// The images `[n, C, H, W]` as they are before the attack, inside the box.
  public let images: Tensor
  /// When an image counts as adversarial; one label per image.
  public let criterion: Criterion
  /// The ball, or the norm to make small.
  public let objective: Objective
  /// A number per image that is its own in the whole data set: it keys the image's random draws.
  public let ids: [UInt64]
  /// Fixes every random draw, together with the ids.
  public let seed: UInt64
  /// The values that a pixel may take.
  public let box: Box
  /// What a search keeps to besides ball and box; by default nothing.
  public private(set) var limits = SearchLimits()

  /// A problem over n images.
  ///
  /// - Parameter ids: nil numbers the images from 0.
  /// - Throws: where labels or ids are not one per image, or a pixel is outside the box, NaN or infinite.
  public init(
    images: Tensor, criterion: Criterion, objective: Objective, ids: [UInt64]? = nil, seed: UInt64 = 0,
    box: Box = .unit
  ) throws(ThreatError) {
    let ids = ids ?? (0..<UInt64(images.rowCount)).map { $0 }
    guard images.shape.rank >= 1 else {
      throw .mismatch(what: "images", got: "shape \(images.shape)", expected: "a batch [n, C, H, W]")
    }
    guard criterion.labels.count == images.rowCount else {
      throw .mismatch(what: "labels", got: "\(criterion.labels.count)", expected: "\(images.rowCount)")
    }
    guard ids.count == images.rowCount else {
      throw .mismatch(what: "image ids", got: "\(ids.count)", expected: "\(images.rowCount)")
    }
    try Self.check(images, ids, in: box)
    self.images = images
    self.criterion = criterion
    self.objective = objective
    self.ids = ids
    self.seed = seed
    self.box = box
  }

  /// The number of images.
  public var count: Int { images.rowCount }

  /// The ball; throws for a problem that asks for the smallest perturbation.
  public func requireBall(for attack: String) throws(ThreatError) -> Ball {
    guard case .within(let ball) = objective else {
      throw .unsupported(attack: attack, what: "the smallest perturbation", remedy: "give a radius")
    }
    return ball
  }

  /// The problem of some of the images, in the given order; ids and seed stay, so their draws do too.
  public func rows(_ indices: some Collection<Int>) -> AttackProblem {
    AttackProblem(
      trusted: images.rows(indices), criterion.rows(indices), objective, indices.map { ids[$0] }, seed, box,
      limits.rows(indices))
  }

  /// The same images under another objective, as a search over radii asks for.
  public func with(objective: Objective) -> AttackProblem {
    AttackProblem(trusted: images, criterion, objective, ids, seed, box, limits)
  }

  /// The same images under other limits; passes are one number per image, at least 1.
  public func with(limits: SearchLimits) -> AttackProblem {
    precondition(limits.passes?.count ?? count == count, "passes for \(limits.passes?.count ?? 0) images")
    precondition(limits.passes?.allSatisfy { $0 > 0 } ?? true, "an image without a pass cannot be searched")
    return AttackProblem(trusted: images, criterion, objective, ids, seed, box, limits)
  }

  /// The same images under another criterion of one label per image, as an attack through target classes needs.
  public func with(criterion: Criterion) -> AttackProblem {
    precondition(criterion.labels.count == count, "\(criterion.labels.count) labels for \(count) images")
    return AttackProblem(trusted: images, criterion, objective, ids, seed, box, limits)
  }

  /// The random numbers of one image and restart: the same whichever images share its batch.
  public func stream(image: Int, restart: Int) -> RandomStream {
    RandomStream(seed: seed, ids[image], UInt64(restart))
  }

  /// Throws unless the oracle takes these images and knows these labels.
  public func check(on oracle: some LabelOracle) throws(ThreatError) {
    try oracle.domain.check(images)
    let classes = oracle.classCount
    for (index, label) in criterion.labels.enumerated() where label < 0 || label >= classes {
      throw .mismatch(
        what: "label of image \(ids[index])", got: "\(label)",
        expected: "0…\(classes - 1) of \(classes) classes")
    }
  }

  private init(
    trusted images: Tensor, _ criterion: Criterion, _ objective: Objective, _ ids: [UInt64], _ seed: UInt64,
    _ box: Box, _ limits: SearchLimits
  ) {
    self.images = images
    self.criterion = criterion
    self.objective = objective
    self.ids = ids
    self.seed = seed
    self.box = box
    self.limits = limits
  }

  private static func check(_ images: Tensor, _ ids: [UInt64], in box: Box) throws(ThreatError) {
    let stride = images.rowStride
    try images.withElements { (values) throws(ThreatError) in
      for index in values.indices where !box.contains(values[index]) {
        let id = ids[index / stride]
        guard values[index].isFinite else { throw .notFinite(what: "pixels", image: id) }
        throw .outsideBox(image: id, element: index % stride, value: values[index], box: box)
      }
    }
  }
}
