import AdvFormats

/// A colour of 8 bits per channel.
struct Colour: Sendable, Hashable {
  let red: UInt8, green: UInt8, blue: UInt8

  init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  static let paper = Colour(250, 249, 246)
  static let ink = Colour(38, 40, 44)
  static let faint = Colour(118, 121, 128)
  static let frame = Colour(208, 207, 202)
  static let good = Colour(28, 116, 66)
  static let bad = Colour(186, 38, 32)
}

/// A rectangle of RGB pixels to draw on; what falls outside it is cut off.
struct Canvas {
  let width: Int
  let height: Int
  /// Interleaved RGB, row by row from the top.
  private(set) var pixels: [UInt8]

  init(width: Int, height: Int, background: Colour = .paper) {
    self.width = width
    self.height = height
    pixels = []
    pixels.reserveCapacity(width * height * 3)
    for _ in 0..<(width * height) { pixels += [background.red, background.green, background.blue] }
  }

  /// Sets one pixel.
  mutating func set(_ x: Int, _ y: Int, _ colour: Colour) {
    guard x >= 0, x < width, y >= 0, y < height else { return }
    let index = (y * width + x) * 3
    pixels[index] = colour.red
    pixels[index + 1] = colour.green
    pixels[index + 2] = colour.blue
  }

  /// Fills a rectangle.
  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    for row in y..<(y + height) {
      for column in x..<(x + width) { set(column, row, colour) }
    }
  }

  /// Draws one line of text with its top left corner at (x, y). Returns the column behind it.
  @discardableResult
  mutating func write(_ text: String, x: Int, y: Int, scale: Int = 1, _ colour: Colour = .ink) -> Int {
    var left = x
    for character in text {
      for (row, bits) in BitmapFont.rows(of: character).enumerated() {
        for column in 0..<BitmapFont.glyphWidth
        where bits >> UInt8(BitmapFont.glyphWidth - 1 - column) & 1 == 1 {
          fill(x: left + column * scale, y: y + row * scale, width: scale, height: scale, colour)
        }
      }
      left += BitmapFont.advance * scale
    }
    return left
  }

  /// The text, shortened with an ellipsis where it is wider than `width` pixels.
  static func cut(_ text: String, to width: Int, scale: Int) -> String {
    guard BitmapFont.width(of: text) * scale > width else { return text }
    let fitting = max(0, width / (BitmapFont.advance * scale) - 1)
    return text.prefix(fitting) + "\u{2026}"
  }

  /// Draws a tile with a frame of one pixel around it; (x, y) is the frame's corner.
  mutating func place(_ tile: Tile, x: Int, y: Int, frame: Colour = .frame) {
    fill(x: x, y: y, width: tile.width + 2, height: tile.height + 2, frame)
    for row in 0..<tile.height {
      for column in 0..<tile.width { set(x + 1 + column, y + 1 + row, tile[column, row]) }
    }
  }
}

/// A small RGB picture, brought to the size at which it is shown.
struct Tile {
  let width: Int
  let height: Int
  private let pixels: [Colour]

  init(width: Int, height: Int, pixel: (_ x: Int, _ y: Int) -> Colour) {
    self.width = width
    self.height = height
    pixels = (0..<(width * height)).map { pixel($0 % width, $0 / width) }
  }

  /// The pixels of an image; grey ones get three equal channels.
  init(_ image: PixelImage) {
    self.init(width: image.width, height: image.height) { x, y in
      let index = (y * image.width + x) * image.channels
      let last = image.channels - 1
      return Colour(
        image.levels[index], image.levels[index + min(1, last)], image.levels[index + last])
    }
  }

  subscript(x: Int, y: Int) -> Colour { pixels[y * width + x] }

  /// The tile as an image of its own, in RGB.
  var image: PixelImage {
    PixelImage(
      width: width, height: height, channels: 3, levels: pixels.flatMap { [$0.red, $0.green, $0.blue] })
  }

  /// Every pixel as a square of `factor` × `factor`: nothing is smoothed, so single pixels stay visible.
  func enlarged(by factor: Int) -> Tile {
    factor <= 1
      ? self
      : Tile(width: width * factor, height: height * factor) { self[$0 / factor, $1 / factor] }
  }

  /// The mean of every square of `factor` × `factor`; a remainder at the right and lower edge is cut off.
  func reduced(by factor: Int) -> Tile {
    guard factor > 1, width >= factor, height >= factor else { return self }
    return Tile(width: width / factor, height: height / factor) { x, y in
      var (red, green, blue) = (0, 0, 0)
      for row in 0..<factor {
        for column in 0..<factor {
          let colour = self[x * factor + column, y * factor + row]
          red += Int(colour.red)
          green += Int(colour.green)
          blue += Int(colour.blue)
        }
      }
      let count = factor * factor
      return Colour(UInt8(red / count), UInt8(green / count), UInt8(blue / count))
    }
  }

  /// Enlarged or reduced by a whole factor so that the longer side comes close to `side` pixels.
  func fitted(to side: Int) -> Tile {
    let longer = max(width, height, 1)
    return longer <= side
      ? enlarged(by: side / longer) : reduced(by: (longer + side - 1) / side)
  }
}
