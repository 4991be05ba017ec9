import AdvSettings

extension Parameter {
  /// The share of activations that training drops, as every architecture documents it. It is 0 until somebody asks
  /// for it: the published rates belong to the published sizes of networks and data.
  static func dropout(
    _ path: any WritableKeyPath<A, Float> & Sendable, published: String
  ) -> Parameter {
    .float("dropout", path, in: 0...0.99, "The share of activations dropped in training (\(published)).")
  }
}
