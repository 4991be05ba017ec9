import AdvSettings

/// Every augmentation that a recipe can name.
public enum AugmentationCatalog {
  /// One line for each augmentation.
  public static let all: [AugmentationEntry] = [
    AugmentationEntry(HorizontalFlip.self),
    AugmentationEntry(PadAndCrop.self),
    AugmentationEntry(RandomResizedCrop.self),
    AugmentationEntry(Rotation.self),
    AugmentationEntry(ColourJitter.self),
    AugmentationEntry(PCANoise.self),
    AugmentationEntry(GaussianNoise.self),
    AugmentationEntry(GaussianBlur.self),
    AugmentationEntry(Cutout.self),
    AugmentationEntry(RandomErasing.self),
    AugmentationEntry(AugMix.self),
    AugmentationEntry(RandAugment.self),
    AugmentationEntry(Mixup.self),
    AugmentationEntry(CutMix.self),
  ]

  /// The steps of a list such as `flip,crop:margin=2,jitter:hue=0.1`, in the order given; an empty list is none.
  public static func parse(_ list: String) throws(DataError) -> [AugmentationStep] {
    do throws(SettingError) {
      var steps: [AugmentationStep] = []
      for specifier in try Specifier.list(list) {
        guard let entry = all.first(where: { $0.name == specifier.name }) else {
          throw .unknownName(
            kind: "augmentation", name: specifier.name,
            nearest: nearestNames(to: specifier.name, among: all.map(\.name)))
        }
        steps.append(try entry.step(specifier.settings))
      }
      return steps
    } catch {
      throw .augmentation(error)
    }
  }
}
