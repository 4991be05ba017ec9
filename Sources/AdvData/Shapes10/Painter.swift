/// Paints figures onto a canvas: outlines from signed distances, relief from their slope.
struct Painter {
  var canvas: Canvas
  let light: Light

  /// How far beyond its outline a part darkens what lies under it, in picture units.
  private static let contact: Float = 0.09

  /// Paints the parts in order, with the shadow that the whole figure casts on what is behind it.
  mutating func paint(_ parts: [Part], in pose: Pose, lift: Float = 0.16) {
    let distances = parts.map { distance(to: $0, in: pose) }
    castShadow(of: distances, over: pose.span, lift: lift)
    for (part, distance) in zip(parts, distances) {
      paint(part, distance, in: pose)
    }
  }

  /// The signed distance to the part at every sample, in picture units; far away, some positive bound.
  private func distance(to part: Part, in pose: Pose) -> [Float] {
    let margin = part.reach + (Self.contact + 2 * Canvas.pitch) / pose.scale
    let limit = margin * margin
    var distances = [Float](repeating: 1, count: Canvas.sampleCount)
    for index in pose.span {
      let offset = pose.samples[index] - part.center
      if offset.dot(offset) < limit { distances[index] = part.distance(pose.samples[index]) * pose.scale }
    }
    return distances
  }

  private mutating func castShadow(of distances: [[Float]], over span: Range<Int>, lift: Float) {
    let side = Canvas.side / 2
    var nearest = [Float](repeating: 1, count: Canvas.sampleCount)
    for distance in distances {
      for index in span { nearest[index] = Swift.min(nearest[index], distance[index]) }
    }
    var mask = [Float](repeating: 0, count: side * side)
    for index in span where nearest[index] < Canvas.pitch {
      mask[index / Canvas.side / 2 * side + index % Canvas.side / 2] += 0.25 * Self.coverage(nearest[index])
    }
    let reach = -lift / Canvas.pitch
    let shift = SIMD2<Int>(Int((light.toLamp.x * reach).rounded()), Int((light.toLamp.y * reach).rounded()))
    let soft = blurred(mask, side: side, radius: 1)
    canvas.darken(soft, shiftedBy: shift, strength: 0.6 * (1 - light.ambient))
    canvas.darken(blurred(soft, side: side, radius: 2), shiftedBy: SIMD2(0, 0), strength: 0.3)
  }

  /// The share of a sample that lies inside an outline at this distance.
  private static func coverage(_ distance: Float) -> Float { saturate(0.5 - distance / Canvas.pitch) }

  private mutating func paint(_ part: Part, _ distance: [Float], in pose: Pose) {
    let bevel = part.paint.relief * pose.scale
    for index in pose.span where distance[index] < Self.contact {
      let coverage = Self.coverage(distance[index])
      if coverage < 1 {
        canvas.colors[index] *= 1 - 0.3 * (1 - saturate(distance[index] / Self.contact))
      }
      if coverage == 0 { continue }
      let color = shade(part.paint, distance, at: index, bevel: bevel, pose)
      canvas.colors[index] = mix(canvas.colors[index], color, coverage)
    }
  }

  private func shade(
    _ paint: Paint, _ distance: [Float], at index: Int, bevel: Float, _ pose: Pose
  ) -> Color {
    let share = paint.pattern.accentShare(pose.samples[index], blur: Canvas.pitch / pose.scale)
    let color = mix(paint.base, paint.accent, share)
    let normal = Self.normal(distance, at: index, bevel: bevel)
    let lit = color * light.diffuse(normal)
    return lit + Color(repeating: paint.gloss * 0.55 * light.highlight(normal))
  }

  /// The unit normal of a surface that is flat inside and rounds off over `bevel` towards the outline.
  private static func normal(_ distance: [Float], at index: Int, bevel: Float) -> SIMD3<Float> {
    let (x, y) = (index % Canvas.side, index / Canvas.side)
    let lean = 1 - saturate(-distance[index] / Swift.max(bevel, 1e-4))
    if lean == 0 || x == 0 || y == 0 || x == Canvas.side - 1 || y == Canvas.side - 1 {
      return SIMD3(0, 0, 1)
    }
    let slope = Point(
      distance[index + 1] - distance[index - 1],
      distance[index + Canvas.side] - distance[index - Canvas.side])
    // On a ridge the slope vanishes, and the surface faces the viewer.
    let steepness = slope.length
    if steepness < 1e-6 { return SIMD3(0, 0, 1) }
    let across = 0.9 * lean / Swift.max(steepness, 2 * Canvas.pitch)
    let flat = slope * across
    return SIMD3(flat.x, flat.y, Swift.max(1 - flat.dot(flat), 0).squareRoot())
  }
}
