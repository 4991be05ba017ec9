import AdvData

/// The images of a training run.
struct TrainingData {
  let training: any Dataset
  /// Looked at after each epoch.
  let validation: (any Dataset)?
  /// Looked at once, at the end; nil where the data set has no half of its own for it.
  let test: (any Dataset)?

  /// The images that `text` names, at most `limit` of them, of which `heldOut` are kept for validation.
  init(_ text: String, limit: Int?, heldOut: Int?) throws {
    let specifier = try DatasetSpecifier(parsing: text)
    var selection = Selection()
    selection.limit = limit
    let whole = try specifier.open(for: .training)
    let selected = try whole.selecting(selection)
    let other = try specifier.open(for: .evaluation)
    let isApart = other.count > 0 && whole.count > 0 && other.source(0) != whole.source(0)
    test = isApart ? other : nil
    if let heldOut {
      (training, validation) = try selected.holdingOut(heldOut)
    } else {
      training = selected
      validation = specifier.description == "shapes10" ? Shapes10(.validation) : nil
    }
  }
}
