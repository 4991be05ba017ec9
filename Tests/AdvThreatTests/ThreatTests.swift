import AdvTensor
import AdvThreat
import Testing

@Suite struct ThreatTests {
  static let size = ImageSize([2, 5, 6])
  static let image: [Float] = {
    var stream = RandomStream(seed: 4)
    return (0..<60).map { _ in stream.uniform() }
  }()

  static func allows(_ threat: Threat, _ candidate: [Float], _ made: Transformation? = nil) -> Bool {
    candidate.withUnsafeBufferPointer { point in
      image.withUnsafeBufferPointer { threat.allows(point, from: $0, by: made, size, in: .unit) }
    }
  }

  @Test func `no motion, no flow, no blur and no grey leave the image`() {
    let still = [Float](repeating: 0, count: 30)
    for made: Transformation in [
      .motion(.init(degrees: 0, down: 0, right: 0)), .flow(.init(down: still, right: still)),
      .blur(sigma: 0), .contrast(share: 0),
    ] {
      #expect(made.applied(to: Self.image, Self.size, in: .unit) == Self.image)
    }
  }

  @Test func `a shift by whole pixels moves rows and columns, and fills with the lower bound`() {
    let made = Transformation.motion(.init(degrees: 0, down: 1, right: 2))
    let moved = made.applied(to: Self.image, Self.size, in: .unit)
    for row in 0..<5 {
      for column in 0..<6 {
        let expected = row < 1 || column < 2 ? 0 : Self.image[Self.size.offset(1, row - 1, column - 2)]
        #expect(moved[Self.size.offset(1, row, column)] == expected)
      }
    }
  }

  @Test func `a quarter turn counter-clockwise takes the right edge to the top`() {
    let square = ImageSize([1, 4, 4])
    let image = (0..<16).map { Float($0) / 16 }
    let made = Transformation.motion(.init(degrees: 90, down: 0, right: 0))
    let turned = made.applied(to: image, square, in: .unit)
    for column in 0..<4 { #expect(abs(turned[column] - image[column * 4 + 3]) < 1e-6) }
  }

  @Test func `a blur keeps constants, and a wide one nears the mean`() {
    let flat = [Float](repeating: 0.25, count: 60)
    let blurred = Transformation.blur(sigma: 1.5).applied(to: flat, Self.size, in: .unit)
    #expect(blurred.allSatisfy { abs($0 - 0.25) < 1e-6 })
    func spread(_ values: [Float]) -> Float { values.max()! - values.min()! }
    let wide = Transformation.blur(sigma: 2).applied(to: Self.image, Self.size, in: .unit)
    #expect(spread(Array(wide[..<30])) < 0.5 * spread(Array(Self.image[..<30])))
  }

  @Test func `a threat allows what its transformation makes, and nothing else`() {
    let made = Transformation.motion(.init(degrees: 10, down: 1, right: 0))
    let candidate = made.applied(to: Self.image, Self.size, in: .unit)
    #expect(Self.allows(.motion(degrees: 10, pixels: 1), candidate, made))
    #expect(!Self.allows(.motion(degrees: 9, pixels: 1), candidate, made))
    #expect(!Self.allows(.motion(degrees: 10, pixels: 0.5), candidate, made))
    #expect(!Self.allows(.motion(degrees: 10, pixels: 1), candidate, nil))
    #expect(!Self.allows(.flow(pixels: 5), candidate, made))
    var wrong = candidate
    wrong[17] += wrong[17] > 0.5 ? -0.01 : 0.01
    #expect(!Self.allows(.motion(degrees: 10, pixels: 1), wrong, made))
    // The claim of a file is met to a level.
    #expect(Self.allows(.motion(degrees: 10, pixels: 1), candidate.map { Float(Int($0 * 255)) / 255 }, made))
    #expect(Self.allows(.blur(sigma: 1), Self.image, nil))
  }

  @Test func `a flow's length is Euclidean, and NaN is too long`() {
    var down = [Float](repeating: 0, count: 30)
    var right = down
    (down[3], right[3]) = (3, 4)
    #expect(Transformation.FlowField(down: down, right: right).longest == 5)
    down[7] = .nan
    #expect(Transformation.FlowField(down: down, right: right).longest == .infinity)
  }

  @Test func `pixels are counted whatever their channels, windows by their sides`() {
    var one = Self.image
    for channel in 0..<2 { one[Self.size.offset(channel, 2, 3)] = 0 }
    #expect(Self.allows(.pixels(1), one))
    one[Self.size.offset(0, 3, 5)] = 1
    #expect(!Self.allows(.pixels(1), one) && Self.allows(.pixels(2), one))
    // Rows 2…3, columns 3…5: a window of 3.
    #expect(Self.allows(.patch(share: 0.6), one) && !Self.allows(.patch(share: 0.4), one))
    #expect(Threat.windowSide(share: 0.6, in: Self.size) == 3)
    #expect(Threat.windowSide(share: 0.01, in: Self.size) == 1)
  }

  @Test func `a rearrangement holds only colours of the image`() {
    var copied = Self.image
    for channel in 0..<2 {
      copied[Self.size.offset(channel, 0, 0)] = Self.image[Self.size.offset(channel, 4, 4)]
    }
    #expect(Self.allows(.rearrangement, copied))
    // Channels of two different pixels make a new colour.
    copied[Self.size.offset(1, 0, 0)] = Self.image[Self.size.offset(1, 3, 3)]
    #expect(!Self.allows(.rearrangement, copied))
  }

  @Test func `the verifier refuses what no transformation explains`() throws {
    let scenario = try LinearScenario(.init(seed: 2, batch: 1, imageShape: [1, 4, 4], place: .inner))
    let problem = try AttackProblem(
      images: scenario.images, criterion: .untargeted(scenario.labels),
      objective: .under(.contrast(share: 0.5)))
    let verifier = try Verifier(problem, on: scenario.oracle)
    let made = Transformation.contrast(share: 0.3)
    let faded = made.applied(to: problem.images.elements, ImageSize([1, 4, 4]), in: .unit)
    let candidate = Tensor(problem.images.shape, faded)
    let honest = try verifier.judge(candidate, transformations: [made], on: scenario.oracle)[0].outcome
    #expect(honest != .overBudget)
    let mute = try verifier.judge(candidate, on: scenario.oracle)[0].outcome
    #expect(mute == .overBudget)
    let excessive = try verifier.judge(
      candidate, transformations: [.contrast(share: 0.6)], on: scenario.oracle)[0].outcome
    #expect(excessive == .overBudget)
  }
}
