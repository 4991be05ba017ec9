import AdvGraph
import AdvTensor
import Testing

@testable import AdvModels

extension ModelEntry: CustomTestStringConvertible {
  /// The entry's name.
  public var testDescription: String { name }
}

/// Names and shapes of the parameters of a model.
func shapes(of model: Model) throws -> [String: Shape] {
  let graph = try model.graph()
  return Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, graph.nodes[$0.id].type.shape) })
}

@Suite struct CatalogTests {
  @Test func `names are distinct`() {
    #expect(Set(ModelCatalog.names).count == ModelCatalog.all.count)
  }

  @Test(arguments: ModelCatalog.all)
  func `every entry makes a network of its classes under its usual card`(_ entry: ModelEntry) throws {
    let model = try ModelCatalog.untrained(entry.name)
    let graph = try model.graph()
    #expect(graph.nodes[graph.outputs[0]].type.shape == [model.classCount])
    #expect(graph.inputs.map(\.name) == [Model.inputName])
    #expect(!graph.parameters.isEmpty)
  }

  @Test(arguments: ModelCatalog.all)
  func `the shapes of a checkpoint tell classes and channels`(_ entry: ModelEntry) throws {
    guard !["logistic", "alphago_policy"].contains(entry.name) else { return }  // classes by nature
    let original = entry.architecture.inputShape
    let other = original.droppingFirst().prepending(original[0] == 3 ? 1 : 3)
    for shape in original.rank == 3 ? [original, other] : [original] {
      let changed = try ModelCatalog.untrained(entry.name, inputShape: shape, classes: 7)
      var adapted = entry.architecture
      adapted.adapt(to: try shapes(of: changed))
      #expect(adapted.classes == 7)
      let again = try Model(
        name: entry.name, architectureName: entry.name, adapted, card: ModelCard(.none))
      #expect(try shapes(of: again) == shapes(of: changed))
    }
  }

  @Test func `an unknown name offers the nearest`() {
    let error = #expect(throws: ModelError.self) { try ModelCatalog.entry(named: "resnet5O") }
    #expect("\(error as Any)".contains("resnet50"))
  }
}
