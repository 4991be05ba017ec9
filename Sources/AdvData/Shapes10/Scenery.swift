import AdvTensor

/// What surrounds the object: the ground behind it, clutter on the ground, and things in front.
enum Scenery {
  /// The ground: one colour without clutter, else two in some texture.
  static func ground(_ draws: inout Variation) -> Canvas {
    let first = draws.color(Palette.ground)
    let second = draws.color(Palette.ground + Palette.bright)
    let axis = direction(turns: draws.vary(0.25, by: 0.5))
    let strength = draws.upTo(1.3)
    let phase = Point(draws.vary(0, by: 1), draws.vary(0, by: 1))
    let pattern = draws.pick(textures(axis, phase, frequency: draws.vary(2.4, by: 1.6), draws.seed()))
    let mottle = (seed: draws.seed(), strength: draws.upTo(0.8))
    var canvas = Canvas(filledWith: first)
    for (index, position) in Canvas.positions.enumerated() {
      let share = Swift.min(pattern.accentShare(position, blur: 2 * Canvas.pitch) * strength, 0.9)
      let cloud = (Noise.value(position * 5, seed: mottle.seed) - 0.5) * mottle.strength
      canvas.colors[index] = mix(first, second, share) * (1 + cloud)
    }
    return canvas
  }

  private static func textures(
    _ axis: Point, _ phase: Point, frequency: Float, _ seed: UInt32
  ) -> [Pattern] {
    [
      .gradient(normal: axis * 0.5), .mottled(frequency: frequency, seed: seed),
      .stripes(normal: axis * frequency, phase: phase.x), .dots(frequency: frequency, phase: phase),
      .gradient(normal: axis * 8),
    ]
  }

  /// Up to ten small things that lie about, none of them an object of a class.
  static func clutter(_ draws: inout Variation, into painter: inout Painter) {
    let count = Int(draws.upTo(15).rounded())
    for _ in 0..<count {
      let center = draws.vary(Point(0, 0), by: 2)
      let (scale, turns) = (0.14 + draws.upTo(0.55), draws.vary(0, by: 1))
      let thing = trinket(&draws, paint: paint(&draws))
      let pose = Pose(center: center, scale: scale, turns: turns, reach: thing.reach)
      painter.paint([thing], in: pose, lift: 0.06)
    }
  }

  /// At most two things in front of the object, near its middle but not on it.
  static func occluders(_ draws: inout Variation, around pose: Pose, into painter: inout Painter) {
    for probability in [0.75, 0.3] as [Float] {
      let isPresent = draws.chance(probability)
      let side = direction(turns: draws.vary(0, by: 1))
      let away = draws.vary(0.64, by: 0.3) * pose.scale
      let size = (0.16 + draws.upTo(0.66)) * pose.scale
      let turns = draws.vary(0, by: 1)
      let thing = trinket(&draws, paint: paint(&draws))
      if !isPresent { continue }
      let place = Pose(center: pose.center + side * away, scale: size, turns: turns, reach: thing.reach)
      painter.paint([thing], in: place, lift: 0.2)
    }
  }

  private static func paint(_ draws: inout Variation) -> Paint {
    let accent = draws.color(Palette.bright + Palette.ground)
    let pattern = draws.pick([
      Pattern.plain, .plain, .stripes(normal: Point(2.2, 0), phase: 0.2),
      .mottled(frequency: 3, seed: draws.seed()), .dots(frequency: 2.2, phase: Point(0.5, 0.5)),
    ])
    return Paint(
      base: draws.color(Palette.bright + Palette.ground), accent: accent, pattern: pattern,
      gloss: draws.upTo(1), relief: 0.1 + draws.upTo(0.8))
  }

  /// A disc, bar, block, wedge, ring or pebble of about unit size.
  private static func trinket(_ draws: inout Variation, paint: Paint) -> Part {
    let aspect = draws.vary(0.6, by: 0.5)
    let shapes: [(reach: Float, distance: (Point) -> Float)] = [
      (1, { Field.circle($0, at: Point(0, 0), radius: 0.9) }),
      (2.7, { Field.bar($0, from: Point(-2.4, 0), to: Point(2.4, 0), radius: 0.12 + 0.2 * aspect) }),
      (1.5, { Field.box($0, at: Point(0, 0), half: Point(1, 0.3 + aspect), corner: 0.12) }),
      (1.2, { Field.polygon($0, [Point(-1, -0.7), Point(1, -0.7), Point(aspect - 0.6, 0.9)]) - 0.05 }),
      (1.1, { Field.ring($0, at: Point(0, 0), radius: 0.8, halfWidth: 0.2) }),
      (1.4, { Field.ellipse($0, at: Point(0, 0), radii: Point(1.2, 0.3 + 0.6 * aspect)) }),
      (2.2, { Field.cone($0, from: Point(-1, 0), 0.5 * aspect + 0.2, to: Point(1.8, 0), 0.06) }),
    ]
    let shape = draws.pick(shapes)
    return Part(paint, reach: shape.reach, distance: shape.distance)
  }
}
