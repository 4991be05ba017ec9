/// The light of one scene: a lamp, the sky around it, and shadows of things outside the picture.
struct Light {
  /// Unit vector towards the lamp; x right, y down, z towards the viewer.
  let toLamp: SIMD3<Float>
  /// Unit vector halfway between the lamp and the viewer, where a mirror would show the lamp.
  private let halfway: SIMD3<Float>
  /// The share of light that comes from everywhere.
  let ambient: Float
  private let tint: Color
  private let exposure: Float
  /// Brightness changes along this direction of the picture by this much over one unit.
  private let falloff: Point
  /// A shadow across the scene: unit normal, offset, softness, darkness.
  private let shade: (normal: Point, offset: Float, softness: Float, darkness: Float)

  init(_ draws: inout Variation) {
    let azimuth = direction(turns: draws.vary(0.64, by: 0.5))
    let height = draws.vary(0.68, by: 0.3)
    let across = (1 - height * height).squareRoot()
    let lamp = SIMD3(azimuth.x * across, azimuth.y * across, height)
    let between = lamp + SIMD3(0, 0, 1)
    toLamp = lamp
    halfway = between / (between * between).sum().squareRoot()
    ambient = draws.vary(0.42, by: 0.32)
    let warmth = draws.vary(0, by: 0.5)
    tint = Color(1 + 0.42 * warmth, 1 + draws.vary(0, by: 0.1), 1 - 0.5 * warmth)
    // Stops above and below a mean exposure: 2^±x by its series, close enough and the same everywhere.
    let stops = draws.vary(0, by: 1.9)
    exposure = stops < 0 ? 1 / (1 - 0.7 * stops) : 1 + 0.28 * stops
    falloff = direction(turns: draws.vary(0.64, by: 0.5)) * draws.upTo(0.9)
    let cast = draws.chance(0.35)
    shade = (
      normal: direction(turns: draws.vary(0, by: 0.5)), offset: draws.vary(0, by: 0.7),
      softness: 0.05 + draws.upTo(0.4), darkness: (cast ? 0.35 : 0) + (cast ? draws.upTo(0.6) : 0)
    )
  }

  /// Light that a matt surface with this unit normal sends back; 1 for one that faces the viewer.
  func diffuse(_ normal: SIMD3<Float>) -> Float {
    let facing = Swift.max((normal * toLamp).sum(), 0)
    return (ambient + (1 - ambient) * facing) / (ambient + (1 - ambient) * toLamp.z)
  }

  /// The highlight of a glossy surface: (normal · halfway)³².
  func highlight(_ normal: SIMD3<Float>) -> Float {
    var power = Swift.max((normal * halfway).sum(), 0)
    for _ in 0..<5 { power *= power }
    return power
  }

  /// Applies what holds for the whole picture: exposure, tint, falloff and the shadow of things outside it.
  func expose(_ canvas: inout Canvas) {
    for (index, position) in Canvas.positions.enumerated() {
      let slope = Swift.max(1 + falloff.dot(position), 0.15)
      let edge = smoothStep(-shade.softness, shade.softness, position.dot(shade.normal) - shade.offset)
      canvas.colors[index] *= tint * (exposure * slope * (1 - shade.darkness * edge))
    }
  }
}
