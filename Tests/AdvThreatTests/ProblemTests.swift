import AdvTensor
import AdvThreat
import Testing

@Suite struct ProblemTests {
  static func problem(_ images: Tensor, _ labels: [Int], ids: [UInt64]? = nil) throws(ThreatError)
    -> AttackProblem
  {
    try AttackProblem(
      images: images, criterion: .untargeted(labels), objective: .within(Ball(.linf, radius: 0.1)), ids: ids)
  }

  @Test func `a problem that does not fit is refused, and the message says where`() throws {
    let images = Tensor([2, 2], [0, 1, 0.5, 0.5])
    #expect { try Self.problem(images, [0]) } throws: { "\($0)".contains("labels: got 1, expected 2") }
    #expect { try Self.problem(images, [0, 0], ids: [1]) } throws: {
      "\($0)".contains("ids: got 1, expected 2")
    }
    #expect { try Self.problem(Tensor([2, 2], [0, 1, 0.5, 1.5]), [0, 0], ids: [8, 9]) } throws: {
      "\($0)".contains("image 9: element 1 is 1.5, outside the box")
    }
    #expect { try Self.problem(Tensor([1, 1], [.nan]), [0]) } throws: {
      "\($0)".contains("image 0: the pixels hold NaN")
    }
    let oracle = LinearOracle(weights: Tensor([2, 3]), bias: [0, 0], imageShape: [3])
    #expect { try Self.problem(images, [0, 0]).check(on: oracle) } throws: {
      "\($0)".contains("[2] per image, expected [3]")
    }
    let fits = try Self.problem(Tensor([1, 3]), [2])
    #expect { try fits.check(on: oracle) } throws: {
      "\($0)".contains("label of image 0: got 2, expected 0…1")
    }
  }

  @Test func `an image's random numbers depend on seed, id and restart alone`() throws {
    let images = Tensor([3, 2], filledWith: 0.5)
    let all = try Self.problem(images, [0, 0, 0], ids: [4, 5, 6])
    let some = all.rows([2, 0])
    var (a, b, c, d) = (
      all.stream(image: 2, restart: 1), some.stream(image: 0, restart: 1), some.stream(image: 1, restart: 1),
      all.stream(image: 2, restart: 2)
    )
    let word = a.next()
    #expect(word == b.next())
    #expect(word != c.next() && word != d.next())
  }

  @Test func `near names are offered, far ones are not`() {
    let known = ["fgsm", "bim", "pgd", "apgd", "deepfool"]
    #expect(nearestNames(to: "fsgm", among: known).first == "fgsm")
    #expect(nearestNames(to: "PGD", among: known).first == "pgd")
    #expect(nearestNames(to: "deep", among: known) == ["deepfool"])
    #expect(nearestNames(to: "boundaryattack", among: ["bim"]) == [])
  }

  @Test func `a counting oracle is as strong as its base`() throws {
    let linear = LinearOracle(weights: Tensor([2, 3]), bias: [0, 0], imageShape: [3])
    #expect((CountingOracle(linear) as any LabelOracle) is any GradientOracle)
    let scores: any LabelOracle = CountingOracle(ScoresOnly(linear))
    #expect(scores is any ScoreOracle && !(scores is any GradientOracle))
    #expect(!((CountingOracle(LabelsOnly(linear)) as any LabelOracle) is any ScoreOracle))
  }

  @Test func `the quadratic model's gradient and radius are those of the sphere`() throws {
    let oracle = QuadraticOracle(center: Tensor([3], [0.5, 0.5, 0.5]), radius: 0.25)
    let image = Tensor([3], [0.5, 0.625, 0.5])
    #expect(oracle.minimalRadius(image: image) == 0.125)
    let slope = try oracle.logitGradient(of: 1, at: image.reshaped(to: [1, 3]))
    #expect(slope.elements == [0, 0.25, 0])
  }
}
