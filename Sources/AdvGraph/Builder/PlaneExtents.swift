/// What may be given for a kernel, a window or a stride: a number for both axes, or a `Size2D`.
public protocol PlaneExtent {
  /// Rows and columns.
  var size: Size2D { get }
}

/// What may be given for a padding: a number for all sides, a `Size2D` for opposite sides, or a `Padding2D`.
public protocol PlanePadding {
  /// Rows and columns on each side.
  var padding: Padding2D { get }
}

extension Int: PlaneExtent, PlanePadding {
  /// A square of this side.
  public var size: Size2D { Size2D(self) }
  /// As much on all sides.
  public var padding: Padding2D { Padding2D(self) }
}

extension Size2D: PlaneExtent, PlanePadding {
  /// Itself.
  public var size: Size2D { self }
  /// `height` above and below, `width` left and right.
  public var padding: Padding2D { Padding2D(height, width) }
}

extension Padding2D: PlanePadding {
  /// Itself.
  public var padding: Padding2D { self }
}
