/// A bird from the side: body with head and tail, beak, wing, legs.
enum Bird: Figure {
  static let name = "bird"

  static func parts(_ variation: inout Variation) -> [Part] {
    let plump = variation.vary(0.4, by: 0.09)
    let head = variation.vary(Point(0.42, 0.42), by: 0.12)
    let headSize = variation.vary(0.27, by: 0.06)
    let tail = Point(-0.9, variation.vary(0.12, by: 0.35))
    let plumage = variation.color(
      [Palette.azure, Palette.tomato, Palette.cocoa, Palette.slate] + Palette.bright)
    let belly = variation.color([Palette.cream, Palette.coral, Palette.lemon])
    var body = Paint(base: plumage, accent: belly, gloss: 0.25, relief: 0.4)
    body.pattern = variation.pick([.gradient(normal: Point(0.7, -1.6)), .plain])
    let wing = Paint(base: plumage * variation.vary(0.55, by: 0.3), gloss: 0.2, relief: 0.2)
    let isRaised = variation.pick([false, false, true])
    let wingTip = isRaised ? Point(-0.42, 0.82) : variation.vary(Point(-0.52, -0.02), by: 0.12)
    let beakLength = variation.vary(0.32, by: 0.14)
    let beak = [
      head + Point(headSize * 0.7, 0.12), head + Point(headSize + beakLength, -0.04),
      head + Point(headSize * 0.7, -0.13),
    ]
    let orange = Paint(base: variation.color([Palette.marigold, Palette.tomato, Palette.ink]), relief: 0.08)
    let eye = head + Point(0.08, 0.06)
    return legs(&variation, orange) + [
      Part(orange, around: head, reach: 0.9) { Field.polygon($0, beak) - 0.02 },
      Part(body, reach: 1.15) { p in
        let trunk = Field.cone(p, from: Point(0.12, -0.12), plump, to: Point(-0.35, 0), plump * 0.55)
        let tailed = Field.blend(trunk, Field.cone(p, from: Point(-0.3, 0), 0.16, to: tail, 0.09), over: 0.2)
        return Field.blend(tailed, Field.circle(p, at: head, radius: headSize), over: 0.25)
      },
      Part(wing, around: Point(-0.2, 0.1), reach: 1) {
        Field.cone($0, from: Point(0.04, -0.06), 0.22, to: wingTip, 0.05)
      },
      Part(Paint(base: Palette.ink * 0.4, gloss: 1, relief: 0.05), around: eye, reach: 0.1) {
        Field.circle($0, at: eye, radius: 0.075)
      },
    ]
  }

  private static func legs(_ variation: inout Variation, _ paint: Paint) -> [Part] {
    let length = variation.vary(0.4, by: 0.16)
    return [Point(-0.02, -0.45), Point(0.22, -0.45)].map { hip in
      let foot = hip + Point(0.03, -length)
      return Part(paint, around: hip, reach: 0.75) { p in
        Field.union(
          Field.bar(p, from: hip, to: foot, radius: 0.045),
          Field.bar(p, from: foot, to: foot + Point(0.13, -0.01), radius: 0.045))
      }
    }
  }
}
