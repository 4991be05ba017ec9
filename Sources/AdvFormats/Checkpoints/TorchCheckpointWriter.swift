import AdvTensor

extension TorchCheckpoint {
  /// Encodes an archive as `torch.save(state_dict)` would, in single precision: a zip file that
  /// `torch.load(weights_only=True)` reads. The same archive gives the same bytes; its metadata are left out.
  ///
  /// Throws `.tooLarge` beyond 4 GiB.
  public static func encode(
    _ archive: TensorArchive, named name: String = "checkpoint"
  ) throws(FormatError) -> [UInt8] {
    let size = archive.entries.reduce(1 << 16) { $0 + 4 * $1.tensor.count + 256 + 2 * $1.name.utf8.count }
    guard size <= ZipWriter.limit, archive.count < 1 << 16 - 8 else {
      throw FormatError(
        .tooLarge, path: name, "the weights do not fit a PyTorch checkpoint", got: "\(size) bytes",
        expected: "at most \(ZipWriter.limit)", remedy: "Save them as safetensors.")
    }
    var pickle = PickleWriter()
    pickle.stateDictionary(archive)
    var zip = ZipWriter()
    zip.add("archive/data.pkl", pickle.bytes)
    zip.add("archive/byteorder", Array("little".utf8))
    for (index, entry) in archive.entries.enumerated() {
      var data: [UInt8] = []
      data.reserveCapacity(4 * entry.tensor.count)
      appendFloats(entry.tensor, to: &data)
      zip.add("archive/data/\(index)", data)
    }
    zip.add("archive/version", Array("3\n".utf8))
    return zip.finished()
  }

  /// Writes a checkpoint, whole or not at all.
  public static func write(_ archive: TensorArchive, to path: String) throws(FormatError) {
    try AtomicFile.write(try encode(archive, named: path), to: path)
  }
}

/// Writes the pickle (protocol 2) of a dictionary of names and tensors.
private struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// The whole pickle; tensor i stands in storage i.
  mutating func stateDictionary(_ archive: TensorArchive) {
    operation(.emptyDict)
    operation(.mark)
    for (index, entry) in archive.entries.enumerated() {
      text(entry.name)
      tensor(entry.tensor.shape, storage: index)
    }
    operation(.setItems)
    operation(.stop)
  }

  /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`.
  private mutating func tensor(_ shape: Shape, storage: Int) {
    global("torch._utils", "_rebuild_tensor_v2")
    operation(.mark)
    reference(toStorage: storage, count: shape.elementCount)
    integer(0)
    let dimensions = shape.dimensions
    tuple(dimensions)
    tuple(dimensions.indices.map { axis in dimensions[(axis + 1)...].reduce(1) { $0 * max($1, 1) } })
    operation(.newFalse)
    global("collections", "OrderedDict")
    operation(.emptyTuple)
    operation(.reduce)
    operation(.tuple)
    operation(.reduce)
  }

  /// ('storage', type, key, location, count), which the loader resolves.
  private mutating func reference(toStorage index: Int, count: Int) {
    operation(.mark)
    text("storage")
    global("torch", "FloatStorage")
    text("\(index)")
    text("cpu")
    integer(count)
    operation(.tuple)
    operation(.binPersistentID)
  }

  private mutating func tuple(_ integers: [Int]) {
    operation(.mark)
    for integer in integers { self.integer(integer) }
    operation(.tuple)
  }

  private mutating func integer(_ value: Int) {
    if let short = Int32(exactly: value) {
      operation(.binInt)
      append(short, to: &bytes)
    } else {
      operation(.long1)
      bytes.append(8)
      append(Int64(value), to: &bytes)
    }
  }

  private mutating func text(_ text: String) {
    operation(.binUnicode)
    append(UInt32(text.utf8.count), to: &bytes)
    bytes += Array(text.utf8)
  }

  private mutating func global(_ module: String, _ name: String) {
    operation(.global)
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  private mutating func operation(_ operation: PickleOperation) { bytes.append(operation.rawValue) }
}
