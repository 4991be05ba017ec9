/// One painted piece of a figure: where it is, and what it is made of.
struct Part {
  var paint: Paint
  /// The disc that holds the piece, to skip samples that it cannot touch.
  var center: Point
  var reach: Float
  /// The signed distance to the outline, in figure units.
  var distance: (Point) -> Float

  init(_ paint: Paint, around center: Point = Point(0, 0), reach: Float, distance: @escaping (Point) -> Float)
  {
    self.paint = paint
    self.center = center
    self.reach = reach
    self.distance = distance
  }
}

/// A class of `shapes10`: builds one member of the class.
///
/// The figure unit is a square from −1 to 1, x to the right and y up. Parts are painted in order.
protocol Figure: Sendable {
  static var name: String { get }
  static func parts(_ variation: inout Variation) -> [Part]
}

/// The classes of `shapes10`, by label.
enum FigureCatalog {
  static let all: [any Figure.Type] = [
    Star.self, Heart.self, House.self, Tree.self, Fish.self, Bird.self, Car.self, Cup.self, Key.self,
    Mushroom.self,
  ]
}
