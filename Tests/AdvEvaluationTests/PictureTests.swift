import AdvFormats
import Testing

@testable import AdvEvaluation

struct PictureTests {
  @Test func `every printable character has a glyph of its own`() {
    let characters = (UInt8(33)...126).map { Character(UnicodeScalar($0)) } + Array("ε∞×·→…±≤")
    let pictures = characters.map(BitmapFont.rows)
    for (character, rows) in zip(characters, pictures) {
      #expect(rows.count == BitmapFont.glyphHeight && rows.contains { $0 != 0 }, "\(character)")
      #expect(rows.allSatisfy { $0 < 32 })
    }
    // × may look like x, and | like nothing else.
    #expect(Set(pictures).count >= characters.count - 1)
    #expect(BitmapFont.rows(of: " ").allSatisfy { $0 == 0 })
    #expect(BitmapFont.rows(of: "語") == BitmapFont.rows(of: "?"))
  }

  @Test func `pixels are enlarged to squares, and reduced to means`() {
    let tile = Tile(width: 2, height: 1) { x, _ in Colour(UInt8(100 * x), 0, 0) }
    let large = tile.fitted(to: 7)
    #expect(large.width == 6 && large.height == 3)
    #expect((0..<3).allSatisfy { large[$0, 2].red == 0 && large[$0 + 3, 0].red == 100 })
    let checks = Tile(width: 8, height: 8) { x, y in Colour((x + y) % 2 == 0 ? 10 : 30, 0, 0) }
    let small = checks.fitted(to: 4)
    #expect(small.width == 4 && small.height == 4 && small[3, 3].red == 20)
  }

  @Test(arguments: [(1, 1, 1), (3, 1, 1), (1, 28, 28), (3, 32, 32), (3, 17, 40), (3, 500, 333)])
  func `a sheet holds every entry, whatever its size`(_ channels: Int, _ width: Int, _ height: Int) {
    for count in [1, 2, 7] {
      let entry = Self.entry(channels, width, height, change: 1)
      let sheet = ContactSheet(
        title: String(repeating: "long title ", count: 30), subtitle: "s",
        entries: Array(repeating: entry, count: count)
      ).rendered()
      #expect(sheet.channels == 3 && sheet.width >= 300 && sheet.height >= 100)
    }
  }

  @Test func `the difference is grey where nothing changed, and its factor keeps it in range`() {
    for change in [0, 1, 2, 8, 31, 127, 200] {
      let entry = Self.entry(1, 4, 4, change: change)
      let levels = entry.difference.levels
      #expect(levels[0] == 128)
      if change > 0, change < 128 {
        #expect(Int(levels[1]) == min(255, 128 + change * entry.amplification))
        #expect(change * entry.amplification <= 127)
      }
    }
  }

  /// An image whose pixels 1, 3, 5, … are raised by `change` levels.
  private static func entry(_ channels: Int, _ width: Int, _ height: Int, change: Int) -> SheetEntry {
    let count = channels * width * height
    let before = PixelImage(
      width: width, height: height, channels: channels, levels: Array(repeating: 40, count: count))
    let after = PixelImage(
      width: width, height: height, channels: channels,
      levels: (0..<count).map { $0 % 2 == 1 ? UInt8(40 + change) : 40 })
    return SheetEntry(original: before, adversarial: after, before: "a 99%", after: "b 60%", isBroken: true)
  }
}
