import AdvGraph
import AdvTensor

/// How images enter an imported network: their shape, and how it becomes the shape that the file declares.
struct ONNXInput {
  /// The shape of an image, `[channels, height, width]`, or a vector.
  let shape: Shape
  /// The shape of one image as the file's nodes read it.
  let declared: Shape
  /// What was guessed, for the user.
  let notes: [String]
  private let axes: [Int]?

  /// The side that is assumed where a file leaves height and width open: that of most published networks.
  static let usualSide = 224

  /// The entrance of an input; `wanted` is the shape of images, nil where it must be found out.
  init(_ info: ONNXValueInfo, wanted: Shape?) throws(ONNXProblem) {
    guard [1, 10, 11, 16].contains(info.dataType) else {
      throw ONNXProblem("input '\(info.name)' is of type \(info.dataType), expected floating-point numbers")
    }
    guard let dimensions = info.dimensions, dimensions.count >= 2, dimensions.count <= 8,
      dimensions.allSatisfy({ $0 ?? 1 <= 1 << 20 })
    else {
      throw ONNXProblem(
        "input '\(info.name)' has the shape \(info.dimensions.map(Self.text) ?? "unknown"), expected a batch"
          + " and the axes of an image")
    }
    let image = Array(dimensions.dropFirst())
    if let wanted {
      self = try ONNXInput(info.name, image, wanted: wanted)
    } else {
      self = try ONNXInput(guessing: info.name, image)
    }
    guard let count = CheckedSize.elementCount(declared.dimensions), count <= ONNXRecorder.imageLimit else {
      throw ONNXProblem("input '\(info.name)' has the shape \(declared), which is too large")
    }
  }

  private init(shape: Shape, declared: Shape, axes: [Int]? = nil, notes: [String]) {
    (self.shape, self.declared, self.axes, self.notes) = (shape, declared, axes, notes)
  }

  /// The entrance for images of a given shape: the declared one, channels last, or another view of it.
  private init(_ name: String, _ image: [Int?], wanted: Shape) throws(ONNXProblem) {
    func fits(_ dimensions: [Int]) -> Bool {
      dimensions.count == image.count && zip(dimensions, image).allSatisfy { $1 == nil || $0 == $1 }
    }
    if fits(wanted.dimensions) {
      self.init(shape: wanted, declared: wanted, notes: [])
    } else if wanted.rank == 3, fits([wanted[1], wanted[2], wanted[0]]) {
      self = Self.channelsLast(wanted)
    } else {
      let fixed = image.compactMap { $0 }
      guard fixed.count == image.count, CheckedSize.elementCount(fixed) == wanted.elementCount else {
        throw ONNXProblem("input '\(name)' takes \(Self.text(image)), images are \(wanted)")
      }
      self.init(shape: wanted, declared: Shape(fixed), notes: [])
    }
  }

  /// The entrance that the declared shape suggests.
  private init(guessing name: String, _ image: [Int?]) throws(ONNXProblem) {
    let colours = [1, 3, 4]
    if image.count == 3 {
      // Few channels behind more rows and columns.
      let isLast =
        colours.contains(image[2] ?? 0) && !colours.contains(image[0] ?? 0)
        && image[..<2].allSatisfy { $0 ?? .max > image[2] ?? 0 }
      guard let channels = isLast ? image[2] : image[0] else {
        throw ONNXProblem(
          "input '\(name)' takes \(Self.text(image)); say the channels in the card: \"input_size\"")
      }
      let (rows, columns) = isLast ? (image[0], image[1]) : (image[1], image[2])
      let shape: Shape = [channels, rows ?? usual(columns), columns ?? usual(rows)]
      let notes =
        rows == nil || columns == nil
        ? ["the file leaves the image size open; assumed \(shape[1])×\(shape[2])"] : []
      self = isLast ? Self.channelsLast(shape, notes) : ONNXInput(shape: shape, declared: shape, notes: notes)
      return
    }
    let fixed = image.compactMap { $0 }
    guard fixed.count == image.count, let count = CheckedSize.elementCount(fixed) else {
      throw ONNXProblem(
        "input '\(name)' takes \(Self.text(image)); say the shape of an image in the card: \"input_size\"")
    }
    let shape = Self.picture(of: count)
    let note = "the file takes \(Shape(fixed)) for each image; assumed pictures of \(shape)"
    self.init(shape: shape, declared: Shape(fixed), notes: shape.dimensions == fixed ? [] : [note])
  }

  /// A square picture in colour or grey with this many elements, else a vector.
  private static func picture(of count: Int) -> Shape {
    for channels in [1, 3] where count % channels == 0 {
      let side = Int(Double(count / channels).squareRoot().rounded())
      if side >= 16, side * side * channels == count { return [channels, side, side] }
    }
    return [count]
  }

  private static func channelsLast(_ shape: Shape, _ notes: [String] = []) -> ONNXInput {
    ONNXInput(
      shape: shape, declared: [shape[1], shape[2], shape[0]], axes: [1, 2, 0],
      notes: notes + ["the file takes channels last; pictures stay channels first, \(shape)"])
  }

  /// Records the way from an image to the declared input.
  func enter(_ image: Value, _ graph: ONNXRecorder) throws(ONNXProblem) -> Value {
    if let axes { return try graph.transpose(image, axes, path: image.path) }
    return try graph.reshape(image, declared, path: image.path)
  }

  private static func text(_ dimensions: [Int?]) -> String {
    "[\(dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
  }
}

/// The extent of an open axis: that of the other one, so that pictures are square.
private func usual(_ other: Int?) -> Int { other ?? ONNXInput.usualSide }
