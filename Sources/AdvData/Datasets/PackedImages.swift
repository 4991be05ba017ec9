import AdvTensor

/// A labelled data set whose images lie in memory as bytes, such as MNIST or CIFAR-10.
struct PackedImages: Dataset {
  let name: String
  let classes: [String]
  /// `[channels, height, width]` of every image.
  let pixelShape: Shape
  /// The levels 0…255, image after image, channel planes in row-major order.
  let levels: [UInt8]
  /// The class of every image.
  let labels: [Int]
  /// The files that the images come from, each with its number of images, in order.
  let files: [(path: String, count: Int)]

  var imageShape: Shape? { pixelShape }
  var count: Int { labels.count }

  func label(_ index: Int) -> Int? { labels[index] }

  func identifier(_ index: Int) -> String {
    "\(zeroPadded(index, digits: 5))-\(fileNameSafe(classes[labels[index]]))"
  }

  func source(_ index: Int) -> String {
    var record = index
    for file in files {
      if record < file.count { return "\(file.path)#\(record)" }
      record -= file.count
    }
    preconditionFailure("image \(index) of \(count)")
  }

  func image(_ index: Int) throws(DataError) -> Tensor {
    precondition(index >= 0 && index < count, "image \(index) of \(count)")
    let size = pixelShape.elementCount
    return Tensor(pixelShape) { pixels in
      for position in 0..<size { pixels[position] = Float(levels[index * size + position]) / 255 }
    }
  }
}

/// A number with leading zeros.
func zeroPadded(_ number: Int, digits: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: Swift.max(digits - text.count, 0)) + text
}

/// A text as part of a file name: letters, digits, `.`, `_` and `-` stay, all else becomes `_`.
func fileNameSafe(_ text: String) -> String {
  String(
    text.map { character in
      let isPlain = character.isASCII && (character.isLetter || character.isNumber)
      return isPlain || character == "." || character == "_" || character == "-" ? character : "_"
    })
}
