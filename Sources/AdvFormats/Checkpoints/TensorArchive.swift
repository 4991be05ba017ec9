import AdvTensor

/// Named tensors in a fixed order, as every checkpoint reader gives them and the safetensors writer takes them.
public struct TensorArchive: Sendable {
  /// One tensor of an archive.
  public struct Entry: Sendable {
    /// The tensor's name, such as `layer1.0.conv1.weight`.
    public let name: String
    /// The elements as floats.
    public let tensor: Tensor
    /// The type that the file stores.
    public let storedType: ElementType

    /// An entry; `storedType` says what the elements were before they became floats.
    public init(name: String, tensor: Tensor, storedType: ElementType = .float32) {
      self.name = name
      self.tensor = tensor
      self.storedType = storedType
    }
  }

  /// The tensors in the file's order; no two have the same name.
  public private(set) var entries: [Entry]
  /// What the file says beside the tensors.
  public var metadata: [String: String]
  private var positions: [String: Int]

  /// An archive; the names must be distinct.
  public init(_ entries: [Entry] = [], metadata: [String: String] = [:]) {
    self.entries = entries
    self.metadata = metadata
    positions = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The names in order.
  public var names: [String] { entries.map(\.name) }

  /// The number of tensors.
  public var count: Int { entries.count }

  /// The tensor of a name, or nil. Assigning appends a new name, replaces an old one, and nil removes.
  public subscript(name: String) -> Tensor? {
    get { positions[name].map { entries[$0].tensor } }
    set {
      switch (positions[name], newValue) {
      case (let index?, let tensor?): entries[index] = Entry(name: name, tensor: tensor)
      case (nil, let tensor?):
        positions[name] = entries.count
        entries.append(Entry(name: name, tensor: tensor))
      case (_?, nil): self = TensorArchive(entries.filter { $0.name != name }, metadata: metadata)
      case (nil, nil): break
      }
    }
  }

  /// The stored type of a name's tensor, or nil.
  public func storedType(of name: String) -> ElementType? { positions[name].map { entries[$0].storedType } }

  /// The prefixes that training wrappers put before every name: data parallelism, compilation, a lightning
  /// or plain module that holds the network as `model`.
  public static let wrapperPrefixes = ["module.", "_orig_mod.", "model."]

  /// The archive without wrapper prefixes: as long as every name starts with one of them, it is removed.
  public func strippingWrapperPrefixes() -> TensorArchive {
    var result = self
    while !result.entries.isEmpty,
      let prefix = Self.wrapperPrefixes.first(where: { prefix in
        result.entries.allSatisfy { $0.name.hasPrefix(prefix) && $0.name.count > prefix.count }
      })
    {
      // One prefix before distinct names leaves them distinct.
      let stripped = result.entries.map {
        Entry(name: String($0.name.dropFirst(prefix.count)), tensor: $0.tensor, storedType: $0.storedType)
      }
      result = TensorArchive(stripped, metadata: metadata)
    }
    return result
  }

  /// The first element that is NaN or infinite, as (tensor name, position), or nil. O(elements).
  public func firstNonFinite() -> (name: String, index: Int)? {
    for entry in entries {
      let index = entry.tensor.withElements { values in values.firstIndex { !$0.isFinite } }
      if let index { return (entry.name, index) }
    }
    return nil
  }
}
