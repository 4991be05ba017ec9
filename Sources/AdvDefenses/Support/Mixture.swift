import AdvTensor
import Foundation

/// log of the mean over several answers of softmax, for every image, and the way back through it.
struct Mixture {
  /// `[n, classes]`: g = log( (1/K) Σ softmax(z_k) ); NaN where an answer is not finite.
  let logits: Tensor
  private let copies: Int
  private let probabilities: [Double]  // [n · copies, classes]
  private let shares: [Double]  // of every answer in its image's mean probability of a class, same layout

  /// The mixture of answers `[n · copies, classes]`, those of an image one after the other.
  init(_ answers: Tensor, copies: Int) {
    let (rows, classes) = (answers.rowCount / copies, answers.rowStride)
    var logarithms = answers.elements.map(Double.init)
    for answer in 0..<answers.rowCount {
      let range = answer * classes..<(answer + 1) * classes
      let total = Self.logSum(logarithms[range])
      for index in range { logarithms[index] -= total }
    }
    var (shares, mixed) = (logarithms, [Float]())
    for row in 0..<rows {
      for label in 0..<classes {
        let places = (0..<copies).map { (row * copies + $0) * classes + label }
        let total = Self.logSum(places.map { logarithms[$0] })
        for place in places { shares[place] = exp(logarithms[place] - total) }
        mixed.append(Float(total - log(Double(copies))))
      }
    }
    self.logits = Tensor([rows, classes], mixed)
    (self.copies, self.shares, probabilities) = (copies, shares, logarithms.map { exp($0) })
  }

  // forward: g_j = log Σ_k p_kj − log K, p_k = softmax(z_k)
  // so: dz_ki = c_i w_ki − p_ki Σ_j c_j w_kj, with w_kj = p_kj / Σ_k p_kj.
  /// A cotangent `[n, classes]` of the logits as one `[n · copies, classes]` of the answers.
  func pullback(_ cotangent: Tensor) -> Tensor {
    let (rows, classes) = (logits.rowCount, logits.rowStride)
    return Tensor([rows * copies, classes]) { result in
      for answer in 0..<rows * copies {
        let (start, from) = (answer * classes, answer / copies * classes)
        var weighted = 0.0
        for label in 0..<classes { weighted += Double(cotangent[from + label]) * shares[start + label] }
        for label in 0..<classes {
          let own = Double(cotangent[from + label]) * shares[start + label]
          result[start + label] = Float(own - probabilities[start + label] * weighted)
        }
      }
    }
  }

  /// log Σ exp, relative to the largest so that nothing overflows.
  static func logSum(_ values: some Collection<Double>) -> Double {
    let largest = values.max() ?? 0
    guard largest.isFinite else { return .nan }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
  }
}

/// The count of a vote over the answers of several draws.
struct Tally {
  private let vote: Vote
  private let rows: Int
  private let classes: Int
  private var sums: [Double]  // of probabilities, or of votes
  private var samples = 0

  init(_ vote: Vote, rows: Int, classes: Int) {
    (self.vote, self.rows, self.classes) = (vote, rows, classes)
    sums = Array(repeating: 0, count: rows * classes)
  }

  /// Adds the answers `[n, classes]` of one draw; an answer that is not finite spoils its image.
  mutating func add(_ answers: Tensor) {
    samples += 1
    for row in 0..<rows {
      let z = (0..<classes).map { Double(answers[row * classes + $0]) }
      let total = Mixture.logSum(z)
      guard total.isFinite, z.allSatisfy(\.isFinite), let largest = z.max() else {
        for label in 0..<classes { sums[row * classes + label] = .nan }
        continue
      }
      switch vote {
      case .mean: for label in 0..<classes { sums[row * classes + label] += exp(z[label] - total) }
      case .majority: sums[row * classes + (z.firstIndex(of: largest) ?? 0)] += 1
      }
    }
  }

  /// `[n, classes]` whose softmax are the shares of the classes; half a vote for each keeps them finite. A tie of
  /// votes stays a tie.
  var logits: Tensor {
    let floor = vote == .majority ? 0.5 : 1e-30
    return Tensor(
      [rows, classes], sums.map { Float(log(($0 + floor) / (Double(samples) + floor * Double(classes)))) })
  }
}
