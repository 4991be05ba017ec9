import AdvTensor

/// z = W x + b: the model on which every attack's optimum is known.
public final class LinearOracle: GradientOracle {
  /// The images that it accepts.
  public let domain: InputDomain
  /// W `[classes, elements of an image]`.
  public let weights: Tensor
  /// b, one per class.
  public let bias: [Float]
  /// The class that means a refusal, the last; nil for a model that answers always.
  public let rejectedClass: Int?
  private var rows = 0

  /// A linear model over images of one shape; at least two classes, of which the last may be a refusal.
  public init(
    weights: Tensor, bias: [Float], imageShape: Shape, box: Box = .unit, isLastRefusal: Bool = false
  ) {
    precondition(
      weights.shape == [bias.count, imageShape.elementCount] && bias.count >= 2, "\(weights.shape)")
    domain = InputDomain(imageShape: imageShape, box: box)
    self.weights = weights
    self.bias = bias
    rejectedClass = isLastRefusal ? bias.count - 1 : nil
  }

  /// A model with normal weights whose biases put the boundaries through the middle of the box.
  ///
  /// The weights' variance is 1 / elements: logits of order 1, so that no softmax saturates.
  public convenience init(random stream: inout RandomStream, classes: Int, imageShape: Shape) {
    let count = imageShape.elementCount
    let scale = 1 / Float(count).squareRoot()
    let weights = Tensor([classes, count], (0..<classes * count).map { _ in scale * stream.normal() })
    let bias = (0..<classes).map { row in -0.5 * weights.row(row).elements.reduce(0, +) }
    self.init(weights: weights, bias: bias, imageShape: imageShape)
  }

  /// The number of classes.
  public var classCount: Int { bias.count }

  /// W x + b, summed in Double in element order.
  public func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    try domain.check(images)
    logits.resize(to: [images.rowCount, classCount])
    let count = weights.rowStride
    logits.withMutableElements { z in
      images.withElements { x in
        weights.withElements { w in
          for slot in z.indices {
            let (row, label) = (slot / classCount, slot % classCount)
            var sum = Double(bias[label])
            for index in 0..<count {
              sum += Double(w[label * count + index]) * Double(x[row * count + index])
            }
            z[slot] = Float(sum)
          }
        }
      }
    }
  }

  /// The logits; the derivative W does not depend on where it is taken.
  public func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
    rows = images.rowCount
  }

  /// cotangent · W.
  public func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    guard cotangent.shape == [rows, classCount] else {
      throw .mismatch(what: "cotangent", got: "\(cotangent.shape)", expected: "[\(rows), \(classCount)]")
    }
    gradient.resize(to: domain.imageShape!.prepending(rows))
    let count = weights.rowStride
    gradient.withMutableElements { g in
      cotangent.withElements { c in
        weights.withElements { w in
          for slot in g.indices {
            let (row, index) = (slot / count, slot % count)
            var sum = 0.0
            for label in 0..<classCount {
              sum += Double(c[row * classCount + label]) * Double(w[label * count + index])
            }
            g[slot] = Float(sum)
          }
        }
      }
    }
  }
}

extension LinearOracle {
  /// The weights that raise class `raised` against class `lowered`, in Double.
  public func normal(raising raised: Int, against lowered: Int) -> [Double] {
    let count = weights.rowStride
    return weights.withElements { w in
      (0..<count).map { Double(w[raised * count + $0]) - Double(w[lowered * count + $0]) }
    }
  }

  /// The smallest radius at which an image `[C, H, W]` can be moved off its class inside the box; infinite
  /// where the box does not reach a boundary.
  public func minimalRadius(_ norm: Norm, image: Tensor, label: Int, in box: Box) -> Double {
    let x = image.elements.map(Double.init)
    let competitors = (0..<classCount).filter { $0 != label }
    return competitors.map { other in
      let w = normal(raising: other, against: label)
      let needed = -(zip(w, x).reduce(Double(bias[other]) - Double(bias[label])) { $0 + $1.0 * $1.1 })
      return LinearOptimum.minimalRadius(norm, reaching: needed, along: w, from: x, in: box)
    }.min() ?? .infinity
  }
}
