/// One axis of a sliding window: output o reads the inputs o · stride + tap · dilation − before.
struct WindowAxis {
  /// The number of inputs.
  let extent: Int
  /// The number of taps.
  let window: Int
  /// Inputs from one output to the next.
  let stride: Int
  /// Inputs from one tap to the next.
  var dilation = 1
  /// Padding in front of the first input.
  let before: Int
  /// Padding behind the last input.
  let after: Int
  /// Whether a last window may hang over the padded end; it never starts behind the inputs.
  var roundsUp = false

  /// The number of outputs; 0 where the window does not fit.
  var count: Int {
    let room = extent + before + after - ((window - 1) * dilation + 1) + (roundsUp ? stride - 1 : 0)
    if room < 0 { return 0 }
    let count = room / stride + 1
    return roundsUp && (count - 1) * stride >= extent + before ? count - 1 : count
  }

  /// The outputs for which this tap reads an input and not padding.
  func outputs(reading tap: Int) -> Range<Int> {
    let offset = tap * dilation - before
    let first = offset < 0 ? (-offset + stride - 1) / stride : 0
    let end = extent > offset ? (extent - 1 - offset) / stride + 1 : 0
    return first..<max(first, min(end, count))
  }

  /// The inputs that an output reads (dilation 1).
  func inputs(of output: Int) -> Range<Int> {
    let start = output * stride - before
    return max(start, 0)..<max(0, min(start + window, extent))
  }

  /// The positions that an output covers inside the padded axis (dilation 1).
  func paddedCount(of output: Int) -> Int {
    let start = output * stride - before
    return min(start + window, extent + after) - start
  }
}
