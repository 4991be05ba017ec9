import AdvSettings
import AdvTensor

/// Which images of a data set to use: first the classes, then the offset, then the limit.
public struct Selection: Hashable, Sendable {
  /// Keep only these classes, by name or by index; empty keeps all.
  public var classes: [String] = []
  /// Skip this many of the images that are left.
  public var offset = 0
  /// Use at most this many of the rest; nil uses all.
  public var limit: Int?

  /// Every image.
  public init() {}
}

extension Dataset {
  /// The selected images, with the labels, names and class list that they have here.
  ///
  /// - Throws: `DataError` for an unknown class, and where nothing is left.
  public func selecting(_ selection: Selection) throws(DataError) -> any Dataset {
    var wanted: Set<Int> = []
    for word in selection.classes { wanted.insert(try classIndex(word)) }
    let kept = (0..<count).lazy.filter { index in
      wanted.isEmpty || label(index).map(wanted.contains) ?? false
    }
    let indices = Array(
      kept.dropFirst(Swift.max(selection.offset, 0)).prefix(Swift.max(selection.limit ?? .max, 0)))
    if indices.isEmpty {
      let classes = selection.classes.isEmpty ? "" : ", classes \(selection.classes.joined(separator: ","))"
      throw .empty(
        dataset: name,
        reason: "expected at least one of \(count)"
          + " (offset \(selection.offset), limit \(selection.limit.map(String.init) ?? "none")\(classes))")
    }
    return indices.count == count ? self : Subset(base: self, indices: indices)
  }

  /// At most `count` images, drawn without regard to their order, which may be that of classes; always the same ones.
  public func sample(_ count: Int) -> any Dataset {
    var stream = RandomStream(seed: 0)
    return Subset(base: self, indices: Array((0..<self.count).shuffled(using: &stream).prefix(count)))
  }

  /// `count` images drawn without regard to their order, the same ones at every call, and the rest in its order.
  ///
  /// - Throws: `DataError` where no rest would be left.
  public func holdingOut(_ count: Int) throws(DataError) -> (rest: any Dataset, heldOut: any Dataset) {
    guard count >= 0, count < self.count else {
      throw .empty(
        dataset: name, reason: "expected more than the \(count) images to hold out, got \(self.count)")
    }
    var stream = RandomStream(seed: 0)
    let order = (0..<self.count).shuffled(using: &stream)
    return (
      Subset(base: self, indices: order.dropFirst(count).sorted()),
      Subset(base: self, indices: Array(order.prefix(count)))
    )
  }

  /// The label that a class name or a number written out stands for.
  public func classIndex(_ word: String) throws(DataError) -> Int {
    if let index = classes.firstIndex(of: word) { return index }
    if let index = Int(word), classes.indices.contains(index) { return index }
    throw .unknownClass(word, nearest: nearestNames(to: word, among: classes))
  }
}

/// Some images of another data set, in a given order.
struct Subset: Dataset {
  let base: any Dataset
  let indices: [Int]

  var name: String { base.name }
  var classes: [String] { base.classes }
  var imageShape: Shape? { base.imageShape }
  var count: Int { indices.count }

  func label(_ index: Int) -> Int? { base.label(indices[index]) }
  func identifier(_ index: Int) -> String { base.identifier(indices[index]) }
  func source(_ index: Int) -> String { base.source(indices[index]) }
  func image(_ index: Int) throws(DataError) -> Tensor { try base.image(indices[index]) }
}
