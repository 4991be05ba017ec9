import AdvTensor
import AdvThreat

/// Zeroth-order optimisation — Chen et al. 2017, arXiv:1708.03999: Carlini & Wagner's attack without gradients.
///
/// min ‖x' − x‖² + c · max(−margin, 0) by Adam on random coordinates, whose slopes come from two queries each,
/// (L(x' + h e) − L(x' − h e)) / 2h. c is searched for: tenfold until a success, then by halving.
public struct ZOO: Attack {
  /// Values of c that are tried.
  public var searches = 9
  /// Steps for each of them.
  public var steps = 1_000
  /// Coordinates of one step.
  public var coordinates = 128
  /// Adam's rate.
  public var rate: Float = 0.01
  /// The first value of c.
  public var firstWeight: Float = 0.01  // c
  /// How far from the point the model is asked.
  public var probe: Float = 1e-4  // h

  /// The paper's constants.
  public init() {}

  /// Looks for the nearest point, image by image.
  public func run(
    _ problem: AttackProblem, on oracle: any ScoreOracle
  ) throws(ThreatError) -> AttackResult {
    try QuerySearch.run(problem, loss: .margin, on: oracle) { (search) throws(ThreatError) in
      // In units of the box's width the distance is that of the unit box, and so is the weight that it needs.
      let width = Double(problem.box.width)
      var (weight, low, high) = (Double(firstWeight) * width * width, 0.0, Double.infinity)
      for number in 0..<searches {
        guard let succeeded = try descend(&search, weight, number, on: oracle) else { return }
        if succeeded { high = weight } else { low = weight }
        weight = high.isFinite ? (low + high) / 2 : weight * 10
      }
    }
  }

  /// One descent; whether a point met the criterion, nil when the search is over.
  private func descend(
    _ search: inout QuerySearch, _ weight: Double, _ number: Int, on oracle: any ScoreOracle
  ) throws(ThreatError) -> Bool? {
    var x = search.original
    let width = search.problem.box.width
    var adam = Adam(count: x.count, rate: Double(rate * width))
    let probe = self.probe * width
    var stream = search.stream(number)
    var (succeeded, lastTotal) = (false, Double.infinity)
    for step in 0..<steps {
      let chosen = chosen(x.count, &stream)
      let (at, box) = (x, search.problem.box)
      let losses = try search.losses(of: 2 * chosen.count, on: oracle) { index in
        var point = at
        point[chosen[index / 2]] = box.clamp(
          point[chosen[index / 2]] + (index % 2 == 0 ? probe : -probe))
        return point
      }
      guard let losses else { return nil }
      let needed = Double(search.problem.criterion.margin)
      func shortfall(_ lead: Float) -> Double { Swift.max(needed - Double(lead), 0) }
      for (index, place) in chosen.enumerated() {
        let up = Double(box.clamp(at[place] + probe)) - Double(box.clamp(at[place] - probe))
        let rise = shortfall(losses[2 * index]) - shortfall(losses[2 * index + 1])
        let slope = 2 * (Double(x[place]) - Double(search.original[place])) + weight * rise / up
        x[place] = box.clamp(x[place] - Float(adam.move(place, along: slope)))
      }
      search.countStep()
      guard let lead = try search.loss(of: x, on: oracle) else { return nil }
      if shortfall(lead) == 0 { succeeded = true }
      guard step % Swift.max(steps / 10, 1) == 0 else { continue }
      let length = search.distance(x, .l2)
      let total = length * length + weight * shortfall(lead)
      if step > 0, total > 0.9999 * lastTotal { break }
      lastTotal = total
    }
    return succeeded
  }

  /// Coordinates drawn without repetition.
  private func chosen(_ count: Int, _ stream: inout RandomStream) -> [Int] {
    guard coordinates < count else { return Array(0..<count) }
    var taken = Set<Int>()
    var result: [Int] = []
    while result.count < coordinates {
      let place = stream.integer(below: count)
      if taken.insert(place).inserted { result.append(place) }
    }
    return result
  }
}

extension ZOO {
  /// ZOO.
  public static let card = AttackCard(
    "zoo", "Zeroth-order optimisation", paper: "arXiv:1708.03999",
    rule: "min |x' - x|^2 + c max(-margin, 0) by Adam on random coordinates with slopes from two queries",
    norms: [.l2], kind: .minimal, access: .scores)

  /// The table of parameters.
  public static let parameters: [Parameter<ZOO>] = [
    .int("searches", \.searches, in: 1...100, "Weights of the margin that are tried."),
    .int("steps", \.steps, in: 1...1_000_000, "Steps for each weight."),
    .int("coordinates", \.coordinates, in: 1...1_000_000, "Coordinates of one step."),
    .float("rate", \.rate, in: 1e-6...1, "Adam's rate."),
    .float("first-weight", \.firstWeight, in: 1e-9...1e9, "First weight of the margin."),
    .float("probe", \.probe, in: 1e-6...1, "How far from the point the model is asked."),
  ]
}
