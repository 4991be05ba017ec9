import AdvFormats

/// Rows of pictures under a headline, each row with a caption: what augmentations or priors do, at a glance.
public struct PictureGrid: Sendable {
  /// A caption and its pictures, left to right.
  public struct Row: Sendable {
    /// What the row shows.
    public var caption: String
    /// The pictures.
    public var pictures: [PixelImage]
    /// A row.
    public init(caption: String, pictures: [PixelImage]) {
      (self.caption, self.pictures) = (caption, pictures)
    }
  }

  /// The first line, large.
  public var title: String
  /// The second line.
  public var subtitle: String
  /// The rows, top to bottom.
  public var rows: [Row]

  /// A grid of these rows.
  public init(title: String, subtitle: String, rows: [Row]) {
    (self.title, self.subtitle, self.rows) = (title, subtitle, rows)
  }

  private static let margin = 28
  private static let gap = 8
  private static let headline = 84
  private static let side = 96

  /// The grid as RGB levels. O(pixels).
  public func rendered() -> PixelImage {
    let tiles = rows.map { row in row.pictures.map { Tile($0).fitted(to: Self.side) } }
    let (width, height) = (
      tiles.joined().map(\.width).max() ?? Self.side, tiles.joined().map(\.height).max() ?? Self.side
    )
    let captionWidth = (rows.map { BitmapFont.width(of: $0.caption) }.max() ?? 0) * 2 + 2 * Self.gap
    let columns = tiles.map(\.count).max() ?? 0
    let total = 2 * Self.margin + captionWidth + columns * (width + 2 + Self.gap)
    let textWidth = max(BitmapFont.width(of: title) * 3, BitmapFont.width(of: subtitle) * 2) + 2 * Self.margin
    var canvas = Canvas(
      width: max(total, min(textWidth, 4_000)),
      height: 2 * Self.margin + Self.headline + rows.count * (height + 2 + Self.gap))
    canvas.write(title, x: Self.margin, y: Self.margin, scale: 3)
    canvas.write(subtitle, x: Self.margin, y: Self.margin + 40, scale: 2, .faint)
    for (line, row) in tiles.enumerated() {
      let y = Self.margin + Self.headline + line * (height + 2 + Self.gap)
      canvas.write(
        rows[line].caption, x: Self.margin, y: y + height / 2 - BitmapFont.glyphHeight, scale: 2, .faint)
      for (column, tile) in row.enumerated() {
        canvas.place(tile, x: Self.margin + captionWidth + column * (width + 2 + Self.gap), y: y)
      }
    }
    return PixelImage(width: canvas.width, height: canvas.height, channels: 3, levels: canvas.pixels)
  }
}
