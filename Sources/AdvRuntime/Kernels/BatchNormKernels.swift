import CKernels

/// Sums for each channel over one group of images, in double: Σ a, and Σ (a − ā)(b − b̄) where b is given.
struct ChannelSumsKernel: Kernel {
  let isa: AdvkISA
  let a: ViewSpec
  var b: ViewSpec?
  var centreOfA: SlotID?
  var centreOfB: SlotID?
  let partial: SlotID
  let lanes: Int  // channels in whole blocks
  let division = Division.groups

  init(_ isa: AdvkISA, _ a: ViewSpec, partial: SlotID) {
    (self.isa, self.a, self.partial, lanes) = (isa, a, partial, a.blocks * 16)
  }

  var text: String { b == nil ? "channel sums" : "channel sums and products" }
  var reads: [SlotID] { [a.slot] + b.slots + [centreOfA, centreOfB].compactMap { $0 } }
  var writes: [SlotID] { [partial] }

  func run(_ memory: Memory, _ images: Int) {
    let sums = memory.bytes(partial).assumingMemoryBound(to: Double.self)
    sums.update(repeating: 0, count: 2 * lanes)
    var d = AdvkChannelSums(
      a: a.view(memory), b: b.view(memory), a_centre: centreOfA.map { UnsafePointer(memory.floats($0)) },
      b_centre: centreOfB.map { UnsafePointer(memory.floats($0)) }, sums: sums,
      products: b == nil ? nil : sums + lanes)
    advk_channel_sums(isa, &d, 0, images)
  }
}

/// The sums of all groups, in order: Σ a of every channel, then the products.
struct TotalChannelSums: Kernel {
  let partial: SlotID
  let total: SlotID
  let lanes: Int
  let division = Division.whole

  var text: String { "total channel sums" }
  var reads: [SlotID] { [partial] }
  var writes: [SlotID] { [total] }

  func run(_ memory: Memory, _ images: Int) {
    let result = memory.bytes(total).assumingMemoryBound(to: Double.self)
    result.update(repeating: 0, count: 2 * lanes)
    for group in 0..<memory.groupCount {
      let part = (memory.entries[partial].base + group * memory.entries[partial].groupAdvance)
        .assumingMemoryBound(to: Double.self)
      for index in 0..<2 * lanes { result[index] += part[index] }
    }
  }
}

/// What is made of the sums of a channel.
struct ChannelStatistic: Kernel {
  /// One number for each channel.
  enum Kind: Sendable {
    /// Σ a.
    case sum
    /// Σ a / m.
    case mean
    /// Σ (a − ā)² / m.
    case variance
    /// Σ a (b − b̄) / √(variance + ε).
    case normalisedProduct(variance: SlotID, epsilon: Double)
  }

  let kind: Kind
  let total: SlotID
  let target: SlotID
  let channels: Int
  let lanes: Int
  let pixels: Int
  let division = Division.whole

  var text: String {
    switch kind {
    case .sum: "sum"
    case .mean: "mean"
    case .variance: "variance"
    case .normalisedProduct: "normalised product"
    }
  }
  var reads: [SlotID] {
    if case .normalisedProduct(let variance, _) = kind { [total, variance] } else { [total] }
  }
  var writes: [SlotID] { [target] }

  func run(_ memory: Memory, _ images: Int) {
    let sums = memory.bytes(total).assumingMemoryBound(to: Double.self)
    let result = memory.floats(target)
    let m = Double(max(images * pixels, 1))
    for channel in 0..<channels {
      switch kind {
      case .sum: result[channel] = Float(sums[channel])
      case .mean: result[channel] = Float(sums[channel] / m)
      case .variance: result[channel] = Float(sums[lanes + channel] / m)
      case .normalisedProduct(let variance, let epsilon):
        let spread = (Double(memory.floats(variance)[channel]) + epsilon).squareRoot()
        result[channel] = Float(sums[lanes + channel] / spread)
      }
    }
  }
}

/// The factors of y = x · factor + offset, for a batch norm.
struct BatchNormFactors: Kernel {
  let scale: SlotID
  let shift: SlotID
  let mean: SlotID
  let variance: SlotID
  let epsilon: Double
  let factor: SlotID
  let offset: SlotID
  let channels: Int
  let division = Division.whole

  var text: String { "batch norm factors" }
  var reads: [SlotID] { [scale, shift, mean, variance] }
  var writes: [SlotID] { [factor, offset] }

  func run(_ memory: Memory, _ images: Int) {
    for channel in 0..<channels {
      let spread = (Double(memory.floats(variance)[channel]) + epsilon).squareRoot()
      let ratio = Double(memory.floats(scale)[channel]) / spread
      memory.floats(factor)[channel] = Float(ratio)
      memory.floats(offset)[channel] = Float(
        Double(memory.floats(shift)[channel]) - ratio * Double(memory.floats(mean)[channel]))
    }
  }
}

/// The factors of dx = dy · p + x · q + r, the input gradient of a batch norm over the batch.
struct BatchNormGradientFactors: Kernel {
  let total: SlotID
  let scale: SlotID
  let mean: SlotID
  let variance: SlotID
  let epsilon: Double
  let ofCotangent: SlotID  // p
  let ofInput: SlotID  // q
  let offset: SlotID  // r
  let channels: Int
  let lanes: Int
  let pixels: Int
  let division = Division.whole

  var text: String { "batch norm gradient factors" }
  var reads: [SlotID] { [total, scale, mean, variance] }
  var writes: [SlotID] { [ofCotangent, ofInput, offset] }

  // forward: y = s x̂ + b, x̂ = (x − μ) ρ    so: dx = s ρ (dy − Σ dy / m − x̂ Σ dy x̂ / m).
  func run(_ memory: Memory, _ images: Int) {
    let sums = memory.bytes(total).assumingMemoryBound(to: Double.self)
    let m = Double(max(images * pixels, 1))
    for channel in 0..<channels {
      let root = 1 / (Double(memory.floats(variance)[channel]) + epsilon).squareRoot()  // ρ
      let factor = Double(memory.floats(scale)[channel]) * root
      let slope = factor * root * root * sums[lanes + channel] / m
      memory.floats(ofCotangent)[channel] = Float(factor)
      memory.floats(ofInput)[channel] = Float(-slope)
      memory.floats(offset)[channel] = Float(
        slope * Double(memory.floats(mean)[channel]) - factor * sums[channel] / m)
    }
  }
}
