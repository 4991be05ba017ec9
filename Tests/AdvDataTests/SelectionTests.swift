import AdvTensor
import Testing

@testable import AdvData

@Suite struct SelectionTests {
  private let set = Shapes10(.test)

  @Test func `a selection takes classes first, then the offset, then the limit`() throws {
    var selection = Selection()
    selection.classes = ["star", "4"]
    selection.offset = 3
    selection.limit = 4
    let chosen = try set.selecting(selection)
    #expect((0..<chosen.count).map { chosen.label($0) } == [4, 0, 4, 0])
    #expect(chosen.identifier(0) == set.identifier(14))
    #expect(try chosen.image(0).isIdentical(to: set.rendered(14)))
    #expect(chosen.classes == set.classes)
  }

  @Test func `selecting everything changes nothing`() throws {
    #expect(try set.selecting(Selection()).count == set.count)
  }

  @Test(arguments: [0, -1]) func `a selection of nothing is an error`(_ limit: Int) {
    var selection = Selection()
    selection.limit = limit
    #expect(throws: DataError.self) { try set.selecting(selection) }
    selection = Selection()
    selection.offset = set.count
    #expect(throws: DataError.self) { try set.selecting(selection) }
  }

  @Test func `images held out and the rest share none, lose none, and mix the classes`() throws {
    let (rest, heldOut) = try set.holdingOut(100)
    let names = [rest, heldOut].map { data in Set((0..<data.count).map(data.identifier)) }
    #expect(names[0].isDisjoint(with: names[1]) && heldOut.count == 100)
    #expect(names[0].union(names[1]) == Set((0..<set.count).map(set.identifier)))
    #expect(heldOut.labelCounts().allSatisfy { $0 > 2 })
    let places = Dictionary(uniqueKeysWithValues: (0..<set.count).map { (set.identifier($0), $0) })
    let order = (0..<rest.count).compactMap { places[rest.identifier($0)] }
    #expect(order == order.sorted())
    let again = try set.holdingOut(100).heldOut
    #expect((0..<100).map(again.identifier) == (0..<100).map(heldOut.identifier))
    #expect(throws: DataError.self) { try set.holdingOut(set.count) }
  }

  @Test func `a mistyped class is answered with the nearest one`() {
    var selection = Selection()
    selection.classes = ["mushrom"]
    #expect(throws: DataError.unknownClass("mushrom", nearest: ["mushroom"])) { try set.selecting(selection) }
  }
}

@Suite struct DatasetSpecifierTests {
  @Test func `a name opens the set that it names`() throws {
    #expect(try DatasetSpecifier(parsing: "shapes10").open().name == "shapes10:test")
    #expect(try DatasetSpecifier(parsing: "shapes10").open(for: .training).name == "shapes10:train")
    #expect(try DatasetSpecifier(parsing: "shapes10:validation").open().name == "shapes10:validation")
  }

  @Test func `only the first colon separates`() throws {
    let specifier = try DatasetSpecifier(parsing: "folder:a:b")
    #expect(specifier.kind == "folder")
    #expect(specifier.argument == "a:b")
    #expect(specifier.description == "folder:a:b")
  }

  @Test func `a mistyped kind is answered with the nearest one`() {
    #expect(throws: DataError.unknownKind("shape10", nearest: ["shapes10"])) {
      try DatasetSpecifier(parsing: "shape10")
    }
    #expect("\(DataError.unknownKind("x", nearest: []))".contains("shapes10"))
  }

  @Test(arguments: ["", ":", "shapes10:", "shapes10:tset", "folder", "folder:", "csv"])
  func `a name that says too little or too much is an error`(_ text: String) {
    #expect(throws: DataError.self) { try DatasetSpecifier(parsing: text).open() }
  }

  @Test func `kinds of the catalogue have distinct names, and forms that begin with them`() {
    let kinds = DatasetCatalog.all
    #expect(Set(kinds.map(\.kind)).count == kinds.count)
    for kind in kinds { #expect(kind.form.hasPrefix(kind.kind)) }
  }
}
