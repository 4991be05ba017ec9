import AdvGraph
import AdvTensor
import CAllocationCounter
import Testing

@testable import AdvRuntime

/// Laws of the memory planner, and what a steady step allocates: nothing.
@Suite struct PlanMemoryTests {
  /// Random intervals, a third of them in each of three geometries.
  static func intervals(_ seed: UInt64) -> [Interval] {
    var stream = RandomStream(seed: seed)
    return (0..<60).map { slot in
      let first = stream.integer(below: 50)
      let length = stream.integer(below: 12)
      let kind = stream.integer(below: 3)
      let unit = [64, 6400, 14400][kind]
      return Interval(
        slot: slot, first: first, last: stream.integer(below: 10) == 0 ? .max : first + length,
        bytes: unit * (1 + stream.integer(below: 9)),
        geometry: Geometry(unit: unit, height: kind * 8, width: kind * 8, halo: min(kind, 1)))
    }
  }

  @Test(arguments: 1..<20 as Range<UInt64>)
  func `no two values that live at one time overlap`(_ seed: UInt64) throws {
    let intervals = Self.intervals(seed)
    let plan = MemoryPlan(intervals)
    for a in intervals {
      let here = try #require(plan.offsets[a.slot])
      #expect(here >= 0 && here + a.bytes <= plan.bytes)
      for b in intervals where b.slot > a.slot {
        let there = try #require(plan.offsets[b.slot])
        let isApart = here + a.bytes <= there || there + b.bytes <= here
        #expect(isApart || (!a.overlaps(b) && a.geometry == b.geometry))
      }
    }
  }

  @Test(arguments: 1..<20 as Range<UInt64>)
  func `values of one geometry meet block by block`(_ seed: UInt64) throws {
    let intervals = Self.intervals(seed)
    let plan = MemoryPlan(intervals)
    for (geometry, members) in Dictionary(grouping: intervals, by: \.geometry) {
      let offsets = members.compactMap { plan.offsets[$0.slot] }
      let base = try #require(offsets.min())
      #expect(offsets.allSatisfy { ($0 - base) % geometry.unit == 0 })
    }
  }

  @Test func `an arena is smaller than the sum of its values`() {
    for seed in 1..<20 as Range<UInt64> {
      let intervals = Self.intervals(seed)
      #expect(MemoryPlan(intervals).bytes < intervals.reduce(0) { $0 + $1.bytes } / 2)
    }
  }

  @Test func `slots of a plan that live at one time are apart`() throws {
    for plan in [try Network(TestNets.convolutional()).gradient, try Plan(PlanTrainingTests.graph())] {
      let intervals = plan.liveIntervals()
      for a in intervals {
        for b in intervals where b.slot > a.slot && a.overlaps(b) {
          let (left, right) = (plan.slots[a.slot], plan.slots[b.slot])
          guard left.region == right.region else { continue }
          #expect(
            left.offset + left.bytes <= right.offset || right.offset + right.bytes <= left.offset,
            "slots \(a.slot) and \(b.slot)")
        }
      }
    }
  }

  @Test func `a steady step allocates nothing`() throws {
    let session = Session(try Network(TestNets.convolutional()).gradient)
    let (x, dy) = (TestNets.images(9), TestNets.cotangent(9))
    var (logits, gradient) = (Tensor([0]), Tensor([0]))
    for _ in 0..<2 {
      try session.forward(x, into: &logits)
      try session.backward(dy, into: &gradient)
    }
    advk_allocations_begin()
    try session.forward(x, into: &logits)
    try session.backward(dy, into: &gradient)
    try session.backward(dy, into: &gradient)
    let count = advk_allocations_end()
    #expect(count <= 0)
  }

  @Test func `the counter of allocations counts`() {
    advk_allocations_begin()
    let tensor = Tensor([1000])
    let count = advk_allocations_end()
    #expect(tensor.count == 1000)
    #expect(count != 0)
  }
}

extension Plan {
  /// The life of every slot that the steps touch, counted independently of the planner.
  func liveIntervals() -> [Interval] {
    slots.indices.compactMap { slot in
      let touching = steps.indices.filter {
        (steps[$0].kernel.reads + steps[$0].kernel.writes).contains(slot)
      }
      guard let first = touching.first, let last = touching.last, !slots[slot].region.isCallers,
        slots[slot].region != .constant
      else { return nil }
      let isKept = steps[first].phase != .backward && steps[last].phase == .backward
      return Interval(
        slot: slot, first: first, last: isKept ? .max : last, bytes: slots[slot].bytes,
        geometry: slots[slot].geometry)
    }
  }
}
