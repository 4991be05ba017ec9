import AdvTensor

/// `shapes10`: ten classes of small painted objects, rendered on demand, 32 × 32 RGB.
///
/// Image `index` of a split is a pure function of (split, index, knobs), the same bits on every machine;
/// every pixel is a multiple of 1/255. The label is `index % 10`. Rendering takes a fraction of a millisecond.
public struct Shapes10: Dataset {
  /// A part of the set; no image belongs to two.
  public enum Split: String, CaseIterable, Sendable {
    case train, validation, test

    /// The number of images.
    public var count: Int { self == .train ? 20_000 : 2_000 }

    fileprivate var streamIndex: UInt64 {
      switch self {
      case .train: 0
      case .validation: 1
      case .test: 2
      }
    }
  }

  /// Which part of the set this is.
  public let split: Split
  /// How strongly the images vary.
  public let nuisances: Nuisances

  /// A split of the set as published, or with the knobs turned; knobs are clamped to 0…1.
  public init(_ split: Split, nuisances: Nuisances = Nuisances()) {
    self.split = split
    var clamped = nuisances
    for knob in Nuisances.knobs { clamped[keyPath: knob.path] = saturate(nuisances[keyPath: knob.path]) }
    self.nuisances = clamped
  }

  /// `shapes10:test` and the like.
  public var name: String { "shapes10:\(split.rawValue)" }

  /// The ten classes: star, heart, house, tree, fish, bird, car, cup, key, mushroom.
  public static let classes = FigureCatalog.all.map { $0.name }

  /// The ten classes, by label.
  public var classes: [String] { Self.classes }

  /// `[3, 32, 32]`.
  public var imageShape: Shape? { [3, 32, 32] }

  /// The number of images of the split.
  public var count: Int { split.count }

  /// `index % 10`: every run of ten images holds every class once.
  public func label(_ index: Int) -> Int? { index % Self.classes.count }

  /// `00042-house` and the like.
  public func identifier(_ index: Int) -> String {
    "\(zeroPadded(index, digits: 5))-\(Self.classes[index % Self.classes.count])"
  }

  /// `shapes10:test#42` and the like.
  public func source(_ index: Int) -> String { "\(name)#\(index)" }

  /// Renders image `index` as `[3, 32, 32]`, pixels in 0…1 on the 8-bit lattice.
  public func image(_ index: Int) throws(DataError) -> Tensor { rendered(index) }

  /// Image `index`; unlike `image(_:)` of other data sets, nothing can go wrong.
  public func rendered(_ index: Int) -> Tensor {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    // The seed spells "SHAPES10" in ASCII; another seed would be another data set.
    let stream = RandomStream(seed: 0x5348_4150_4553_3130, split.streamIndex, UInt64(index))
    return Scene.render(FigureCatalog.all[index % Self.classes.count], stream, nuisances)
  }
}

extension Shapes10 {
  /// `shapes10[:split]`; without a split, the training images to train on and the test images otherwise.
  static let kind = DatasetKind(
    kind: "shapes10", form: "shapes10[:train|validation|test]",
    summary: "Built in: ten classes of small painted objects, 32 × 32 RGB, rendered on demand."
  ) { argument, role throws(DataError) in
    guard let word = argument else { return Shapes10(role == .training ? .train : .test) }
    guard let split = Split(rawValue: word) else {
      let names = Split.allCases.map(\.rawValue).joined(separator: ", ")
      throw .badSpecifier("shapes10:\(word)", expected: "one of the splits \(names)")
    }
    return Shapes10(split)
  }
}
