import Testing

@testable import AdvSettings

private struct Lamp: Configurable {
  enum Colour: String, CaseIterable, Sendable { case red, green }
  var count = 3
  var power: Float = 0.5
  var isOn = true
  var colour = Colour.red

  static let parameters: [Parameter<Lamp>] = [
    .int("count", \.count, in: 1...9, "How many."),
    .float("power", \.power, in: 0...1, "How bright."),
    .bool("on", \.isOn, "Whether it shines."),
    .choice("colour", \.colour, "Which."),
  ]
}

@Suite struct SettingsTests {
  @Test func `the edit distance is a metric on examples`() {
    #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    #expect(editDistance(Array("sitting"), Array("kitten")) == 3)
    #expect(editDistance([], Array("abc")) == 3)
    #expect(editDistance(Array("abc"), Array("abc")) == 0)
  }

  @Test func `a specifier reads as it is written`() throws {
    for text in ["flip", "pgd:steps=40", "pgd:steps=40,restarts=5"] {
      #expect(try Specifier(parsing: text).text == text)
    }
    #expect(try Specifier(parsing: " a : b = c ") == Specifier("a", [.init(name: "b", value: "c")]))
    #expect(throws: SettingError.self) { try Specifier(parsing: "pgd:steps") }
    #expect(throws: SettingError.self) { try Specifier(parsing: "pgd:=4") }
    #expect(throws: SettingError.self) { try Specifier(parsing: "pgd:steps=4,steps=5") }
    #expect(throws: SettingError.self) { try Specifier.list("pgd:steps=4,fgsm,loss=dlr,loss=dlr") }
    #expect(throws: SettingError.self) { try Specifier(parsing: "pgd:") }
  }

  @Test func `in a list, a part without a colon that sets something belongs to the name before it`() throws {
    let list = try Specifier.list("flip,crop:margin=4,jitter:brightness=0.4,contrast=0.2,mixup")
    #expect(list.map(\.text) == ["flip", "crop:margin=4", "jitter:brightness=0.4,contrast=0.2", "mixup"])
    #expect(try Specifier.list("").isEmpty)
  }

  @Test func `settings change what they name and refuse what does not fit`() throws {
    let lamp = try Lamp().setting(
      Specifier(parsing: "lamp:count=7,power=0.25,on=false,colour=green").settings, owner: "lamp")
    #expect(lamp.count == 7 && lamp.power == 0.25 && !lamp.isOn && lamp.colour == .green)
    for bad in ["count=0", "count=1.5", "power=nan", "power=2", "on=yes", "colour=blue", "colours=red"] {
      let settings = try Specifier(parsing: "lamp:\(bad)").settings
      #expect(throws: SettingError.self, "\(bad)") { try Lamp().setting(settings, owner: "lamp") }
    }
  }
}
