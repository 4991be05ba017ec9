import AdvTensor

/// One picture of `shapes10`: a figure in its surroundings under a light.
enum Scene {
  /// Renders the picture that a stream and a set of knobs define, as `[3, 32, 32]` on the 8-bit lattice.
  static func render(_ figure: any Figure.Type, _ stream: RandomStream, _ knobs: Nuisances) -> Tensor {
    // One stream for each nuisance: turning one knob leaves the draws of the others as they are.
    var viewpoint = Variation(stream.substream(0), amount: knobs.viewpoint)
    var clutter = Variation(stream.substream(1), amount: knobs.clutter)
    var illumination = Variation(stream.substream(2), amount: knobs.illumination)
    var deformation = Variation(stream.substream(3), amount: knobs.deformation)
    var occlusion = Variation(stream.substream(4), amount: knobs.occlusion)
    var variation = Variation(stream.substream(5), amount: knobs.variation)

    let light = Light(&illumination)
    let pose = Pose(viewpoint: &viewpoint, deformation: &deformation)
    var painter = Painter(canvas: Scenery.ground(&clutter), light: light)
    Scenery.clutter(&clutter, into: &painter)
    painter.paint(figure.parts(&variation), in: pose)
    Scenery.occluders(&occlusion, around: pose, into: &painter)
    light.expose(&painter.canvas)
    return painter.canvas.image()
  }
}
