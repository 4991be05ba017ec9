extension Inspection {
  /// The table for people: one line for each layer, then the totals.
  public var table: String {
    let head = [
      "layer", "type", "kernel", "stride", "padding", "output", "parameters", "multiply-adds", "field",
      "jump",
    ]
    let rows = layers.map(Self.cells)
    let widths = head.indices.map { column in
      ([head] + rows).map { $0[column].count }.max() ?? 0
    }
    let lines = ([head] + rows).map { cells in
      zip(cells, widths).enumerated().map { column, pair in
        let space = String(repeating: " ", count: pair.1 - pair.0.count)
        return column < 6 ? pair.0 + space : space + pair.0  // numbers to the right
      }.joined(separator: "  ").trimmingTrailingSpaces
    }
    let image = input.map(String.init).joined(separator: "×")
    let total =
      "\(model) on \(image): \(Self.grouped(parameters)) parameters, "
      + "\(Self.grouped(multiplyAdds)) multiply-adds for one image"
    return (lines + [total]).joined(separator: "\n")
  }

  private static func cells(_ layer: Layer) -> [String] {
    let pair = { (extents: [Int]?) in
      extents.map { $0.map(String.init).joined(separator: "×") } ?? ""
    }
    let padding = layer.padding.map { sides in
      Set(sides).count == 1 ? "\(sides[0])" : sides.map(String.init).joined(separator: ",")
    }
    return [
      layer.path, layer.type, pair(layer.kernel), pair(layer.stride), padding ?? "", pair(layer.output),
      layer.parameters == 0 ? "" : grouped(layer.parameters),
      layer.multiplyAdds == 0 ? "" : grouped(layer.multiplyAdds),
      layer.receptiveField == nil ? "all" : pair(layer.receptiveField), pair(layer.jump),
    ]
  }

  /// A number with commas between groups of three digits.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (position, digit) in String(number).reversed().enumerated() {
      if position > 0 && position % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}

extension String {
  /// The text without spaces at its end.
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
