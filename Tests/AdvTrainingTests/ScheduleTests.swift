import Testing

@testable import AdvTraining

@Suite struct ScheduleTests {
  @Test func `a step schedule divides by ten at each milestone and not before`() {
    let schedule = Schedule.step(milestones: [0.5, 0.75])
    #expect(schedule.factor(at: 0.4999) == 1)
    #expect(abs(schedule.factor(at: 0.5) - 0.1) < 1e-12)
    #expect(abs(schedule.factor(at: 0.75) - 0.01) < 1e-12)
  }

  @Test func `a cosine starts at one, passes one half in the middle, ends at zero and never rises`() {
    #expect(Schedule.cosine.factor(at: 0) == 1)
    #expect(abs(Schedule.cosine.factor(at: 0.5) - 0.5) < 1e-12)
    #expect(abs(Schedule.cosine.factor(at: 1)) < 1e-12)
    let factors = (0...100).map { Schedule.cosine.factor(at: Double($0) / 100) }
    #expect(zip(factors, factors.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func `warm-up rises linearly to the scheduled rate`() {
    let rate = LearningRate(base: 0.4, schedule: .constant, warmUpSteps: 4)
    #expect((0..<6).map { rate.rate(at: $0, of: 100) } == [0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
  }

  @Test func `one cycle rises to the base rate and falls below its start`() {
    let factors = (0...100).map { Schedule.oneCycle.factor(at: Double($0) / 100) }
    #expect(abs(factors[0] - 0.04) < 1e-12 && abs(factors[30] - 1) < 1e-12 && factors[100] < 1e-5)
    #expect(zip(factors[0...30], factors[1...30]).allSatisfy { $0 <= $1 })
    #expect(zip(factors[30...], factors[31...]).allSatisfy { $0 >= $1 })
  }

  @Test func `a plateau divides by ten after epochs without a better score, and waits again`() {
    let schedule = Schedule.plateau(patience: 2)
    #expect(schedule.factor(at: 0, scores: [0.1, 0.2, 0.2]) == 1)
    #expect(abs(schedule.factor(at: 0, scores: [0.1, 0.2, 0.2, 0.1]) - 0.1) < 1e-12)
    #expect(abs(schedule.factor(at: 0, scores: [0.1, 0.2, 0.2, 0.1, 0.1]) - 0.1) < 1e-12)
    #expect(abs(schedule.factor(at: 0, scores: [0.2, 0.2, 0.1, 0.1, 0.1]) - 0.01) < 1e-12)
    #expect(schedule.factor(at: 0, scores: [0.1, 0.2, 0.2, 0.3, 0.3]) == 1)
  }
}
