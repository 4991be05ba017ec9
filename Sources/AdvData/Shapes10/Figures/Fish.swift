/// A fish from the side: body, tail, fins and an eye.
enum Fish: Figure {
  static let name = "fish"

  static func parts(_ variation: inout Variation) -> [Part] {
    let height = variation.vary(0.42, by: 0.17)
    let tail = variation.vary(0.42, by: 0.16)
    let body = Point(0.16, 0)
    var skin = Paint(
      base: variation.color([Palette.coral, Palette.marigold, Palette.sky] + Palette.bright),
      gloss: variation.vary(0.6, by: 0.5), relief: 0.42)
    skin.accent = variation.color([Palette.cream, Palette.indigo, Palette.lemon] + Palette.bright)
    let stripes = Pattern.stripes(
      normal: Point(variation.vary(1.8, by: 1), 0), phase: variation.vary(0.3, by: 0.5))
    skin.pattern = variation.pick([
      stripes, stripes, .plain, .gradient(normal: Point(0, -1.5)),
      .dots(frequency: 3.4, phase: Point(0, 0.5)),
    ])
    var fin = Paint(base: variation.color([Palette.tomato] + Palette.bright), gloss: 0.3, relief: 0.1)
    fin.accent = fin.base * 0.6
    fin.pattern = .stripes(normal: Point(0, 5), phase: 0)
    let fork = variation.vary(-0.78, by: 0.12)
    let tailCorners = [Point(-0.42, 0), Point(-0.96, tail), Point(fork, 0), Point(-0.96, -tail)]
    let crest = height + variation.vary(0.24, by: 0.14)
    let back = [Point(-0.2, height * 0.6), Point(-0.12, crest), Point(0.45, height * 0.7)]
    let belly = [Point(-0.1, -height * 0.7), Point(-0.22, -crest * 0.95), Point(0.2, -height * 0.8)]
    let eye = Point(0.56, height * 0.22)
    return [
      Part(fin, around: Point(-0.7, 0), reach: 0.75) { Field.polygon($0, tailCorners) - 0.05 },
      Part(fin, around: Point(0.1, height), reach: 0.6) { Field.polygon($0, back) - 0.04 },
      Part(fin, around: Point(0, -height), reach: 0.5) { Field.polygon($0, belly) - 0.04 },
      Part(skin, around: body, reach: 0.85) { Field.ellipse($0, at: body, radii: Point(0.74, height)) },
      Part(Paint(base: Palette.cream, gloss: 0.2, relief: 0.08), around: eye, reach: 0.14) {
        Field.circle($0, at: eye, radius: 0.12)
      },
      Part(Paint(base: Palette.ink * 0.5, gloss: 1, relief: 0.06), around: eye, reach: 0.1) {
        Field.circle($0, at: eye + Point(0.02, 0), radius: 0.065)
      },
    ]
  }
}
