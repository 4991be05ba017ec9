import AdvAttacks
import AdvConformance
import AdvThreat
import Testing

@Suite struct LimitTests {
  @Test(arguments: AttackCase.all)
  func `takes no more passes than it may`(_ attack: AttackCase) throws {
    #expect(try AttackConformance.keepsToPasses(attack.entry, attack.norm) == [])
  }

  @Test(arguments: AttackCase.all)
  func `ends when it is over`(_ attack: AttackCase) throws {
    #expect(try AttackConformance.endsWhenItIsOver(attack.entry, attack.norm) == [])
  }

  @Test(arguments: AttackCase.all)
  func `keeps to the lattice where that is asked for`(_ attack: AttackCase) throws {
    #expect(try AttackConformance.keepsToLattice(attack.entry, attack.norm) == [])
  }

  @Test(arguments: AttackCase.all)
  func `records the first success`(_ attack: AttackCase) throws {
    #expect(try AttackConformance.recordsSuccess(attack.entry, attack.norm) == [])
  }

  @Test(arguments: Cascade.card.norms)
  func `a cascade shares its passes among its members`(_ norm: Norm) throws {
    let attack = try AttackCase.cascade(norm)
    #expect(try AttackConformance.keepsToPasses(attack.entry, norm) == [])
    #expect(try AttackConformance.keepsToLattice(attack.entry, norm) == [])
    #expect(try AttackConformance.recordsSuccess(attack.entry, norm) == [])
  }
}
