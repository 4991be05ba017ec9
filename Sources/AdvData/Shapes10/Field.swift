/// Signed distances to simple figures: negative inside, positive outside, in the units of the point.
enum Field {
  static func circle(_ p: Point, at center: Point, radius: Float) -> Float {
    (p - center).length - radius
  }

  /// An axis-parallel ellipse; to first order near its outline.
  static func ellipse(_ p: Point, at center: Point, radii: Point) -> Float {
    let scaled = (p - center) / radii
    let gradient = (scaled / radii).length
    let level = scaled.length
    // At the centre the quotient is 0/0; there the distance is that to the nearer side.
    return gradient < 1e-4 ? -Swift.min(radii.x, radii.y) : level * (level - 1) / gradient
  }

  /// An axis-parallel box with rounded corners.
  static func box(_ p: Point, at center: Point, half: Point, corner: Float = 0) -> Float {
    let x = abs(p.x - center.x) - half.x + corner
    let y = abs(p.y - center.y) - half.y + corner
    let outside = Point(Swift.max(x, 0), Swift.max(y, 0)).length
    return outside + Swift.min(Swift.max(x, y), 0) - corner
  }

  /// The convex hull of two discs; the discs must not contain each other.
  static func cone(_ p: Point, from a: Point, _ radiusA: Float, to b: Point, _ radiusB: Float) -> Float {
    let axis = b - a
    let height = axis.length
    let unit = axis / height
    let offset = p - a
    let along = offset.dot(unit)
    let across = abs(offset.x * unit.y - offset.y * unit.x)
    let sine = (radiusA - radiusB) / height
    let cosine = (1 - sine * sine).squareRoot()
    let slant = along * cosine - across * sine
    if slant < 0 { return offset.length - radiusA }
    if slant > height * cosine { return (p - b).length - radiusB }
    return across * cosine + along * sine - radiusA
  }

  /// A bar with round ends.
  static func bar(_ p: Point, from a: Point, to b: Point, radius: Float) -> Float {
    let axis = b - a
    let t = saturate((p - a).dot(axis) / axis.dot(axis))
    return (p - a - axis * t).length - radius
  }

  /// A ring of the given half width around a circle.
  static func ring(_ p: Point, at center: Point, radius: Float, halfWidth: Float) -> Float {
    abs((p - center).length - radius) - halfWidth
  }

  /// A simple polygon, its corners in either direction of travel. O(corners).
  static func polygon(_ p: Point, _ corners: [Point]) -> Float {
    var nearest = Float.infinity
    var inside = false
    var b = corners[corners.count - 1]
    for a in corners {
      let edge = b - a
      let offset = p - a
      let away = offset - edge * saturate(offset.dot(edge) / edge.dot(edge))
      nearest = Swift.min(nearest, away.dot(away))
      let crosses = (a.y > p.y) != (b.y > p.y)
      if crosses && (edge.x * offset.y < offset.x * edge.y) == (edge.y > 0) { inside.toggle() }
      b = a
    }
    return inside ? -nearest.squareRoot() : nearest.squareRoot()
  }

  static func union(_ a: Float, _ b: Float) -> Float { Swift.min(a, b) }

  static func intersection(_ a: Float, _ b: Float) -> Float { Swift.max(a, b) }

  static func difference(_ a: Float, _ b: Float) -> Float { Swift.max(a, -b) }

  /// A union whose inner edges are rounded over the width `blend`.
  static func blend(_ a: Float, _ b: Float, over blend: Float) -> Float {
    let t = Swift.max(blend - abs(a - b), 0) / blend
    return Swift.min(a, b) - t * t * blend * 0.25
  }
}
