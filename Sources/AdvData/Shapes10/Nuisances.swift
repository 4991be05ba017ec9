/// How strongly the images of `shapes10` vary in each way that makes vision hard.
///
/// Each knob runs from 0 (no variation of that kind) over 0.5 (the data set as published) to 1 (twice that).
/// The knobs are independent: turning one leaves the draws of the others as they are.
public struct Nuisances: Hashable, Sendable {
  /// Position, size, rotation, mirroring and foreshortening of the object.
  public var viewpoint: Float = 0.5
  /// Texture of the background and the things that lie about there.
  public var clutter: Float = 0.5
  /// Direction, hardness, colour and strength of the light; shadows that fall across the scene.
  public var illumination: Float = 0.5
  /// Bending, shearing and waviness of the object.
  public var deformation: Float = 0.5
  /// Things in front of the object.
  public var occlusion: Float = 0.5
  /// Proportions, parts, colours and patterns inside a class.
  public var variation: Float = 0.5

  /// The data set as published: every knob at 0.5.
  public init() {}

  /// Every knob at one value.
  public init(all value: Float) {
    (viewpoint, clutter, illumination) = (value, value, value)
    (deformation, occlusion, variation) = (value, value, value)
  }

  /// The knobs with their names, in the order of the declaration.
  public static let knobs: [(name: String, path: any WritableKeyPath<Nuisances, Float> & Sendable)] = [
    ("viewpoint", \.viewpoint), ("clutter", \.clutter), ("illumination", \.illumination),
    ("deformation", \.deformation), ("occlusion", \.occlusion), ("variation", \.variation),
  ]
}
