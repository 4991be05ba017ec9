import AdvSettings
import AdvTensor
import Testing

@testable import AdvModels

@Suite struct SpecifierTests {
  @Test func `a specifier sets parameters, classes and the image's size`() throws {
    let entry = try ModelCatalog.entry(named: "wide_resnet:width=2,depth=16,classes=100,size=64")
    let network = try #require(entry.architecture as? WideResNet)
    #expect((network.width, network.depth, network.classes) == (2, 16, 100))
    #expect(network.inputShape == [3, 64, 64])
    #expect(entry.name == "wide_resnet:width=2,depth=16,classes=100,size=64")
    #expect(entry.card.labels == nil)  // ten names are not those of a hundred classes
  }

  @Test(arguments: [
    ("wide_resnet:with=2", ["parameter of 'wide_resnet' 'with'", "width"]),
    ("wide_resnet:width=two", ["'two'", "1…64"]),
    ("wide_resnet:width=0", ["'0'", "1…64"]),
    ("wide_resnet:width", ["key=value"]),
    ("wide_resnt:width=2", ["wide_resnet"]),
    ("googlenet:module=clever", ["reducing, naive, factorized"]),
  ])
  func `a bad specifier says what is wrong and what would do`(_ text: String, _ parts: [String]) {
    let error = #expect(throws: ModelError.self) { try ModelCatalog.entry(named: text) }
    for part in parts { #expect("\(error as Any)".contains(part)) }
  }

  @Test(arguments: ModelCatalog.all)
  func `every parameter accepts its own value`(_ entry: ModelEntry) throws {
    var architecture = entry.architecture
    let rows = entry.architecture.parameterDescriptions
    architecture = try architecture.setting(
      rows.map { Specifier.Setting(name: $0.name, value: $0.standard.text) }, owner: entry.name)
    #expect(architecture.parameterDescriptions == rows)
  }
}
