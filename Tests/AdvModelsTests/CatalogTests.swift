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

  @Test(arguments: [
    "lenet5:width=12", "lenet5_1998:width=9", "resnet20:width=8", "resnet32_b:width=24",
    "preact_resnet:width=12",
    "simplecnn:width=8", "squeezenet1_0:width=8", "squeezenet1_1:width=24", "alphago_policy:width=64",
    "alexnet_2012:width=48", "zfnet:width=48",
  ])
  func `the shapes of a checkpoint tell its width`(_ specifier: String) throws {
    let wide = try ModelCatalog.untrained(specifier)
    var adapted = try ModelCatalog.entry(named: String(specifier.prefix { $0 != ":" })).architecture
    #expect(
      try shapes(of: ModelCatalog.untrained(String(specifier.prefix { $0 != ":" }))) != shapes(of: wide))
    adapted.adapt(to: try shapes(of: wide))
    let again = try Model(name: "again", architectureName: specifier, adapted, card: ModelCard(.none))
    #expect(try shapes(of: again) == shapes(of: wide))
  }

  @Test(arguments: ["mobilenet_v3_large", "mobilenet_v3_small"])
  func `a MobileNetV3 of half the width has fewer channels in all layers`(_ name: String) throws {
    let (half, whole) = (try ModelCatalog.untrained("\(name):width=0.5"), try ModelCatalog.untrained(name))
    let (narrow, wide) = (try shapes(of: half), try shapes(of: whole))
    let convolutions = wide.keys.filter { $0.hasPrefix("features") && wide[$0]!.rank == 4 }
    #expect(convolutions.count > 30)
    for key in convolutions { #expect(try #require(narrow[key])[0] < wide[key]![0] || wide[key]![0] <= 16) }
  }

  @Test func `an unknown name offers the nearest`() {
    let error = #expect(throws: ModelError.self) { try ModelCatalog.entry(named: "resnet5O") }
    #expect("\(error as Any)".contains("resnet50"))
  }
}
