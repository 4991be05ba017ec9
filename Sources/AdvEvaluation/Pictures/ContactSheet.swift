import AdvFormats

/// What the contact sheet shows of one image.
public struct SheetEntry: Sendable {
  /// The pixels before and after, as levels 0…255; equal sizes.
  public let original: PixelImage
  /// The adversarial image as read back from its file.
  public let adversarial: PixelImage
  /// Class and confidence before, as in "ship 99 %".
  public let before: String
  /// Class and confidence after.
  public let after: String
  /// Whether the image in the file is misclassified.
  public let isBroken: Bool

  /// One entry; both images must have the same size and channels.
  public init(
    original: PixelImage, adversarial: PixelImage, before: String, after: String, isBroken: Bool
  ) {
    precondition(
      original.width == adversarial.width && original.height == adversarial.height
        && original.channels == adversarial.channels, "images of different sizes on one row of a sheet")
    self.original = original
    self.adversarial = adversarial
    self.before = before
    self.after = after
    self.isBroken = isBroken
  }

  /// The largest change of any pixel, in levels.
  var largestChange: Int {
    zip(original.levels, adversarial.levels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }

  /// The power of two that brings the largest change close to half of the range.
  var amplification: Int {
    let largest = largestChange
    var factor = 1
    while largest * factor * 2 <= 127, factor < 64 { factor *= 2 }
    return factor
  }

  /// Mid-grey where nothing changed, lighter where the level rose, darker where it fell.
  var difference: PixelImage {
    let factor = amplification
    let levels = zip(original.levels, adversarial.levels).map { before, after in
      UInt8(clamping: 128 + (Int(after) - Int(before)) * factor)
    }
    return PixelImage(
      width: original.width, height: original.height, channels: original.channels, levels: levels)
  }
}

/// The contact sheet: for every image original │ adversarial │ amplified difference, with captions.
public struct ContactSheet: Sendable {
  /// The first line, large.
  public var title: String
  /// The second line.
  public var subtitle: String
  /// The rows, in the order shown.
  public var entries: [SheetEntry]

  /// A sheet of these entries.
  public init(title: String, subtitle: String, entries: [SheetEntry]) {
    (self.title, self.subtitle, self.entries) = (title, subtitle, entries)
  }

  /// The sheet as RGB levels. O(pixels).
  public func rendered() -> PixelImage {
    let layout = Layout(entries)
    var canvas = Canvas(width: layout.width, height: layout.height)
    canvas.write(
      Canvas.cut(title, to: layout.width - 2 * Layout.margin, scale: 3), x: Layout.margin,
      y: Layout.margin, scale: 3)
    canvas.write(
      Canvas.cut(subtitle, to: layout.width - 2 * Layout.margin, scale: 2), x: Layout.margin,
      y: Layout.margin + 40, scale: 2, .faint)
    for (index, entry) in entries.enumerated() {
      draw(entry, at: layout.corner(of: index), layout, on: &canvas)
    }
    return PixelImage(width: canvas.width, height: canvas.height, channels: 3, levels: canvas.pixels)
  }

  private func draw(
    _ entry: SheetEntry, at corner: (x: Int, y: Int), _ layout: Layout, on canvas: inout Canvas
  ) {
    let change = entry.largestChange
    let columns: [(Tile, String, Colour)] = [
      (Tile(entry.original), entry.before, .ink),
      (Tile(entry.adversarial), entry.after, entry.isBroken ? .bad : .good),
      (
        Tile(entry.difference),
        change == 0
          ? "no change"
          : "\u{B1}\(change) level\(change == 1 ? "" : "s") \u{D7}\(entry.amplification)", .faint
      ),
    ]
    for (column, (tile, caption, colour)) in columns.enumerated() {
      let x = corner.x + column * (layout.tileWidth + 2 + Layout.gap)
      let shown = tile.fitted(to: layout.side)
      canvas.place(shown, x: x, y: corner.y)
      canvas.write(
        Canvas.cut(caption, to: layout.tileWidth + Layout.gap - 4, scale: layout.textScale), x: x,
        y: corner.y + layout.tileHeight + 8, scale: layout.textScale, colour)
    }
  }
}

/// Where things are on a sheet: groups of three tiles, side by side while they fit in 1,400 pixels.
private struct Layout {
  static let margin = 28
  static let gap = 10
  static let groupGap = 34
  private static let headline = 84

  /// What tiles are fitted to: single pixels of small images should be seen, photographs be recognised.
  let side: Int
  let tileWidth: Int
  let tileHeight: Int
  private let groupsPerRow: Int
  private let groupCount: Int

  /// Long captions on narrow tiles need the small letters.
  var textScale: Int { tileWidth >= 150 ? 2 : 1 }

  init(_ entries: [SheetEntry]) {
    let longest = entries.map { max($0.original.width, $0.original.height) }.max() ?? 0
    let side = longest <= 64 ? 160 : 256
    self.side = side
    let sizes = entries.map { entry in
      Tile(width: entry.original.width, height: entry.original.height) { _, _ in .paper }.fitted(to: side)
    }
    tileWidth = sizes.map(\.width).max() ?? side
    tileHeight = sizes.map(\.height).max() ?? side
    let groupWidth = 3 * (tileWidth + 2) + 2 * Self.gap
    let fitting = max(1, (1_640 - 2 * Self.margin + Self.groupGap) / (groupWidth + Self.groupGap))
    groupsPerRow = max(1, min(fitting, entries.count))
    groupCount = entries.count
  }

  private var groupWidth: Int { 3 * (tileWidth + 2) + 2 * Self.gap }
  private var groupHeight: Int { tileHeight + 2 + 6 + BitmapFont.glyphHeight * textScale + 22 }

  var width: Int {
    max(560, 2 * Self.margin + groupsPerRow * groupWidth + (groupsPerRow - 1) * Self.groupGap)
  }
  var height: Int {
    2 * Self.margin + Self.headline + (groupCount + groupsPerRow - 1) / groupsPerRow * groupHeight
  }

  func corner(of index: Int) -> (x: Int, y: Int) {
    (
      Self.margin + index % groupsPerRow * (groupWidth + Self.groupGap),
      Self.margin + Self.headline + index / groupsPerRow * groupHeight
    )
  }
}
