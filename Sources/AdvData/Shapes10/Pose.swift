/// How a figure lies in the picture: viewpoint and deformation.
struct Pose {
  /// The position of every sample in figure units.
  let samples: [Point]
  /// The samples that the figure can touch: whole rows of the canvas.
  let span: Range<Int>
  /// Picture units per figure unit.
  let scale: Float
  /// Where the figure's origin is seen.
  let center: Point

  init(viewpoint: inout Variation, deformation: inout Variation) {
    let view = View(&viewpoint)
    let bend = Bend(&deformation)
    let (wavesX, wavesY) = (Self.waves(&deformation), Self.waves(&deformation))
    (scale, center) = (view.scale, view.center)
    var samples = [Point](repeating: Point(0, 0), count: Canvas.sampleCount)
    for row in 0..<Canvas.side {
      for column in 0..<Canvas.side {
        let seen = Point(
          Canvas.coordinate(column) + wavesX[row], Canvas.coordinate(row) + wavesY[column])
        samples[row * Canvas.side + column] = bend.undo(view.undo(seen))
      }
    }
    self.samples = samples
    span = 0..<Canvas.sampleCount
  }

  /// A thing of this reach seen straight on, its place and scale in picture units.
  init(center: Point, scale: Float, turns: Float, reach: Float) {
    let axis = direction(turns: turns)
    self.scale = scale
    self.center = center
    // A few samples more than the reach, for the edge and the contact shadow.
    let height = reach * scale + 8 * Canvas.pitch
    let rows = [center.y - height, center.y + height].map {
      Int(Swift.min(Swift.max(($0 + 1) / Canvas.pitch, 0), Float(Canvas.side)))
    }
    span = rows[0] * Canvas.side..<rows[1] * Canvas.side
    var samples = [Point](repeating: Point(0, 0), count: Canvas.sampleCount)
    for index in span {
      let offset = (Canvas.positions[index] - center) / scale
      samples[index] = Point(offset.dot(axis), offset.x * axis.y - offset.y * axis.x)
    }
    self.samples = samples
  }

  /// A displacement for every row, or for every column: two waves of random phase.
  private static func waves(_ draws: inout Variation) -> [Float] {
    let (slow, fast) = (draws.upTo(0.14), draws.upTo(0.06))
    let (phase, phase2) = (draws.vary(0, by: 0.5), draws.vary(0, by: 0.5))
    let (turns, turns2) = (draws.vary(0.55, by: 0.2), draws.vary(1.2, by: 0.4))
    return (0..<Canvas.side).map { index in
      let t = Canvas.coordinate(index)
      return slow * direction(turns: turns * t + phase).y + fast * direction(turns: turns2 * t + phase2).y
    }
  }
}

/// Position, size, rotation, mirroring and foreshortening of a flat figure.
private struct View {
  let center: Point
  let scale: Float
  let axis: Point
  let squeeze: Point  // foreshortening along the figure's axes
  let keystone: Point
  let mirror: Float

  init(_ draws: inout Variation) {
    scale = draws.vary(0.73, by: 0.4)
    center = draws.vary(Point(0, 0), by: 0.5) * Point(1, 0.9)
    axis = direction(turns: draws.vary(0, by: 0.18))
    mirror = draws.chance(0.5) ? -1 : 1
    squeeze = Point(1 - draws.upTo(0.5), 1 - draws.upTo(0.36))
    keystone = draws.vary(Point(0, 0), by: 0.4)
  }

  /// From the picture to the figure.
  func undo(_ seen: Point) -> Point {
    let offset = (seen - center) / scale
    var p = Point(offset.dot(axis) * mirror, offset.x * axis.y - offset.y * axis.x) / squeeze
    p *= 1 + Swift.min(Swift.max(keystone.dot(p), -0.45), 0.45)
    return p
  }
}

/// Bending and shearing of a figure.
private struct Bend {
  let bend: Point
  let shear: Float
  let taper: Float

  init(_ draws: inout Variation) {
    bend = draws.vary(Point(0, 0), by: 0.45)
    shear = draws.vary(0, by: 0.5)
    taper = draws.vary(0, by: 0.45)
  }

  /// From the bent figure to the straight one.
  func undo(_ p: Point) -> Point {
    let height = Swift.min(Swift.max(p.y, -1.3), 1.3)
    let width = Swift.min(Swift.max(p.x, -1.3), 1.3)
    let x = p.x * (1 + taper * height) + shear * height + bend.x * (height * height - 0.4)
    return Point(x, p.y + bend.y * (width * width - 0.4))
  }
}
