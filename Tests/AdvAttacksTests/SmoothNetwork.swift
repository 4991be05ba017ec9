import AdvFormats
import AdvTensor
import AdvThreat
import Foundation
import Testing

/// z = W₂ tanh(W₁ x + b₁) + b₂ in Double, with the weights of `Scripts/fixtures/attacks.py`; keeps the points
/// that it was asked about.
final class SmoothNetwork: GradientOracle {
  let domain: InputDomain
  let classCount: Int
  let rejectedClass: Int? = nil
  private(set) var points: [Tensor] = []
  private let first: [Double]
  private let firstBias: [Double]
  private let second: [Double]
  private let secondBias: [Double]
  private var hidden: [[Double]] = []

  init(_ archive: TensorArchive, imageShape: Shape) throws {
    func numbers(_ name: String) throws -> [Double] { try #require(archive[name]).elements.map(Double.init) }
    (first, second) = (try numbers("w1"), try numbers("w2"))
    (firstBias, secondBias) = (try numbers("b1"), try numbers("b2"))
    domain = InputDomain(imageShape: imageShape)
    classCount = secondBias.count
  }

  func logits(_ images: Tensor, into logits: inout Tensor) throws(ThreatError) {
    points.append(images)
    let (stride, width) = (images.rowStride, firstBias.count)
    hidden = (0..<images.rowCount).map { row in
      let x = images.row(row).elements.map(Double.init)
      return (0..<width).map { unit in
        var sum = firstBias[unit]
        for index in 0..<stride { sum += first[unit * stride + index] * x[index] }
        return tanh(sum)
      }
    }
    logits = Tensor([images.rowCount, classCount])
    for slot in 0..<logits.count {
      var sum = secondBias[slot % classCount]
      for unit in 0..<width {
        sum += second[slot % classCount * width + unit] * hidden[slot / classCount][unit]
      }
      logits[slot] = Float(sum)
    }
  }

  func linearize(at images: Tensor, logits: inout Tensor) throws(ThreatError) {
    try self.logits(images, into: &logits)
  }

  func pullback(_ cotangent: Tensor, into gradient: inout Tensor) throws(ThreatError) {
    let width = firstBias.count
    let stride = first.count / width
    gradient = Tensor(domain.imageShape!.prepending(hidden.count))
    for row in hidden.indices {
      for unit in 0..<width {
        // h = tanh(W₁ x + b₁)    so: dx = W₁ᵀ ((1 − h²) ∘ W₂ᵀ dz)
        var upstream = 0.0
        for label in 0..<classCount {
          upstream += second[label * width + unit] * Double(cotangent[row * classCount + label])
        }
        let inner = (1 - hidden[row][unit] * hidden[row][unit]) * upstream
        for index in 0..<stride {
          gradient[row * stride + index] += Float(first[unit * stride + index] * inner)
        }
      }
    }
  }
}
