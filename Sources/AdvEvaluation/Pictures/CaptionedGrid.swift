import AdvFormats

/// One picture of a grid with its caption.
public struct PictureCell: Sendable {
  let image: PixelImage
  let caption: String
  let isGood: Bool?

  /// A picture; a verdict colours the caption.
  public init(_ image: PixelImage, _ caption: String, isGood: Bool? = nil) {
    (self.image, self.caption, self.isGood) = (image, caption, isGood)
  }

  /// The cell as a grid of many shows it, with a picture of a few kilobytes.
  var small: PictureCell {
    PictureCell(Tile(image).fitted(to: CaptionedGrid.smallSide).image, caption, isGood: isGood)
  }
}

/// Rows of captioned pictures under a headline: strips of an ascent, grids of classes, saliency maps.
public struct CaptionedGrid: Sendable {
  /// The first line, large.
  public var title: String
  /// The second line.
  public var subtitle: String
  /// The pictures, row by row; rows may differ in length.
  public var rows: [[PictureCell]]

  /// A grid of rows.
  public init(title: String, subtitle: String, rows: [[PictureCell]]) {
    (self.title, self.subtitle, self.rows) = (title, subtitle, rows)
  }

  /// A grid that is about as wide as high.
  public init(title: String, subtitle: String, cells: [PictureCell]) {
    var columns = 1
    while columns * columns < cells.count { columns += 1 }
    let starts = stride(from: 0, to: cells.count, by: columns)
    self.init(
      title: title, subtitle: subtitle,
      rows: starts.map { Array(cells[$0..<min($0 + columns, cells.count)]) })
  }

  private static let (margin, gap, headline) = (28, 10, 84)
  /// The number of cells above which they are drawn small.
  static let many = 120
  /// The side of a small picture.
  static let smallSide = 64

  /// Single pixels of small images should be seen, photographs be recognised, a thousand fit on one sheet.
  private var side: Int {
    let cells = rows.map(\.count).reduce(0, +)
    let longest = rows.flatMap { $0 }.map { max($0.image.width, $0.image.height) }.max() ?? 1
    if cells > Self.many { return Self.smallSide }
    if longest <= 64 { return cells > 32 ? 96 : 160 }
    return cells > 32 ? 112 : 224
  }

  /// A line of the headline, one size smaller where it would not fit.
  private func write(_ text: String, y: Int, scale: Int, _ colour: Colour, on canvas: inout Canvas) {
    let width = canvas.width - 2 * Self.margin
    let scale = BitmapFont.width(of: text) * scale > width ? scale - 1 : scale
    canvas.write(Canvas.cut(text, to: width, scale: scale), x: Self.margin, y: y, scale: scale, colour)
  }

  /// The picture as RGB levels. O(pixels).
  public func rendered() -> PixelImage {
    let side = side
    let tiles = rows.map { $0.map { Tile($0.image).fitted(to: side) } }
    let width = tiles.flatMap { $0 }.map(\.width).max() ?? side
    let height = tiles.flatMap { $0 }.map(\.height).max() ?? side
    let scale = width >= 150 ? 2 : 1
    let (across, down) = (width + 2 + Self.gap, height + 10 + BitmapFont.glyphHeight * scale + Self.gap)
    var canvas = Canvas(
      width: max(560, 2 * Self.margin + (rows.map(\.count).max() ?? 0) * across - Self.gap),
      height: 2 * Self.margin + Self.headline + rows.count * down - Self.gap)
    write(title, y: Self.margin, scale: 3, .ink, on: &canvas)
    write(subtitle, y: Self.margin + 40, scale: 2, .faint, on: &canvas)
    for (row, cells) in rows.enumerated() {
      for (column, cell) in cells.enumerated() {
        let (x, y) = (Self.margin + column * across, Self.margin + Self.headline + row * down)
        canvas.place(tiles[row][column], x: x, y: y)
        let colour: Colour = cell.isGood.map { $0 ? .good : .bad } ?? .ink
        canvas.write(
          Canvas.cut(cell.caption, to: width + Self.gap - 2, scale: scale), x: x, y: y + height + 8,
          scale: scale, colour)
      }
    }
    return PixelImage(width: canvas.width, height: canvas.height, channels: 3, levels: canvas.pixels)
  }
}
