import Foundation
import Testing

@testable import AdvEvaluation

struct GridReportTests {
  private func finished(_ change: (inout GridFixture) -> Void = { _ in }) throws -> (Scratch, GridDocument) {
    let scratch = try Scratch()
    var grid = GridFixture()
    (grid.transfers, grid.radii) = (true, ["1px", "4px"])
    change(&grid)
    return (scratch, try grid.perform(in: scratch["run"]))
  }

  @Test func `the page needs nothing from elsewhere and escapes what it shows`() throws {
    let (scratch, _) = try finished()
    let page = String(decoding: try scratch.bytes("run/report.html"), as: UTF8.self)
    for word in ["http:", "https:", "src=\"/", "url(", "@import", "<script", "<link"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(
      page.contains("kind &lt;0&gt;") && !page.contains("kind <0>") && page.contains("linear &lt;&amp;&gt;"))
    for part in [
      "lang=\"en\"", "name=\"viewport\"", "prefers-color-scheme: dark", "@media print", "<svg",
      "role=\"img\"",
      "scope=\"row\"", "<caption>", "id=\"transfer\"", "id=\"gallery\"", "id=\"pairs\"", "id=\"audit\"",
      "advkit evaluate",
    ] { #expect(page.contains(part), "\(part)") }
    #expect(page.ranges(of: "<section").count == page.ranges(of: "</section>").count)
    #expect(page.ranges(of: "<table").count == page.ranges(of: "</table>").count)
    let anchors = page.matches(of: /href="#([a-z-]+)"/).map { String($0.1) }
    for anchor in anchors { #expect(page.contains("id=\"\(anchor)\""), "\(anchor)") }
    #expect(!page.contains("{{"))
  }

  @Test func `parts without content are left out`() throws {
    let (scratch, _) = try finished { ($0.transfers, $0.seeds, $0.attacks) = (false, [1], ["fgsm"]) }
    let page = String(decoding: try scratch.bytes("run/report.html"), as: UTF8.self)
    for part in ["id=\"transfer\"", "id=\"pairs\"", "id=\"attacks\""] {
      #expect(!page.contains(part), "\(part)")
    }
  }

  @Test func `JSON, CSV and Markdown say the same`() throws {
    let (scratch, document) = try finished()
    let read = try GridDocument(json: [UInt8](try scratch.bytes("run/report.json")), path: "report.json")
    #expect(read == document)
    #expect(throws: EvaluationError.self) { try GridDocument(json: Array("{}".utf8), path: "x") }
    let lines = String(decoding: try scratch.bytes("run/report.csv"), as: UTF8.self).split(separator: "\n")
    // Every attack at every radius, and the worst of each radius, for two models.
    #expect(lines.count == 1 + 2 * (4 + 2))
    let columns = lines[0].split(separator: ",").count
    let plain = lines.filter { !$0.contains("\"") }
    #expect(plain.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == columns })
    let text = String(decoding: try scratch.bytes("run/report.md"), as: UTF8.self)
    let worst = document.subjects[1].worst[1].envelope
    #expect(text.contains("(\(worst.hits)/\(worst.images), "))
    #expect(text.contains("not proven robust") && text.contains("of 255 levels"))
  }

  @Test func `the longer list of networks and strategies stands downwards`() throws {
    let (_, all) = try finished {
      ($0.seeds, $0.transfers, $0.attacks) = ([1, 1, 1, 1], false, ["fgsm"])
      $0.defenses = ["none", "jpeg", "median", "jpeg (non-adaptive)"]
    }
    let tall = try #require(GridCharts(all).strategies)
    #expect(tall.columns == ["linear"] && tall.rows.count == 4 && tall.corner == "defence")
    var pairs = all
    for (subject, model) in ["a", "a", "b", "b"].enumerated() { pairs.subjects[subject].model = model }
    (pairs.subjects[2].defense, pairs.subjects[3].defense) = ("none", "jpeg")
    let square = try #require(GridCharts(pairs).strategies)
    #expect(square.columns == ["none", "jpeg"] && square.rows.count == 2 && square.corner == "model")
    var trained = all
    for (subject, model) in ["a", "a-pgd", "a-fast", "b"].enumerated() {
      (trained.subjects[subject].model, trained.subjects[subject].defense) = (model, "none")
    }
    let trainings = try #require(GridCharts(trained).strategies)
    #expect(trainings.corner == "training" && trainings.columns == ["a", "b"] && trainings.rows.count == 3)
    for subject in trained.subjects.indices { trained.subjects[subject].defense = "jpeg" }
    #expect(GridCharts(trained).strategies?.corner == "training behind jpeg")
    trained.subjects[3].model = "a-standard"  // no name may hide another
    #expect(GridCharts(trained).strategies == nil)
  }

  @Test func `more curves than one chart can tell apart share one for each model`() throws {
    let (_, some) = try finished { ($0.seeds, $0.transfers, $0.attacks) = ([1, 1, 1, 1], false, ["fgsm"]) }
    var many = some
    many.subjects = (0..<7).map { some.subjects[$0 % 4] }
    for subject in many.subjects.indices {
      many.subjects[subject].model = subject < 4 ? "a" : "b"
      many.subjects[subject].defense = ["none", "jpeg", "median", "crop"][subject % 4]
    }
    #expect(GridCharts(some).curves.map(\.title) == ["Accuracy over ε"])
    let panels = GridCharts(many).curves
    #expect(panels.map(\.title) == ["a", "b"])
    #expect(panels.map(\.names) == [["none", "jpeg", "median", "crop"], ["none", "jpeg", "median"]])
  }

  @Test(
    .enabled(if: Chromium.path != nil, "no chromium on this machine: the page is not opened in a browser"))
  func `a browser shows every section, and nothing is wider than a phone`() throws {
    let (scratch, _) = try finished()
    let dump = try Chromium.dump(page: scratch["run/report.html"], width: 390)
    let sections = dump.firstMatch(of: /data-sections="([^"]*)"/).map { $0.1.split(separator: " ") } ?? []
    let expected: [Substring] = ["summary", "curves", "pairs", "transfer", "gallery", "audit", "repeat"]
    #expect(Set(sections).isSuperset(of: expected), "\(sections)")
    let width = dump.firstMatch(of: /data-width="(\d+)"/).flatMap { Int($0.1) }
    #expect(width.map { $0 <= 390 } == true, "\(width ?? -1)")
    // What is wider scrolls inside its frame, and its caption can be read without that.
    #expect(dump.contains(/data-cut="0"/))
    let pictures = try #require(dump.firstMatch(of: /data-pictures="(\d+) (\d+) (\d+)"/))
    let counts = [pictures.1, pictures.2, pictures.3].map { Int($0) ?? -1 }
    #expect(counts[0] > 0 && counts[1] == 0 && counts[2] > 0, "\(counts)")
  }
}

/// A headless browser, where there is one.
enum Chromium {
  static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// A document that shows the page in a frame of this width; when it has loaded, `data-width` is the width
  /// that the page's content takes, `data-sections` the anchors that take up room,
  /// `data-cut` the number of tables that are wider than a frame that does not scroll, or whose captions are,
  /// and `data-pictures` the numbers of images, of those that could not be decoded, and of charts with a height.
  static func dump(page: String, width: Int) throws -> String {
    let text = try String(contentsOfFile: page, encoding: .utf8)
      .replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "\"", with: "&quot;")
    let probe = """
      <iframe id="frame" style="width: \(width)px; height: 800px; border: 0" srcdoc="\(text)"></iframe>
      <script>onload = () => { const page = document.getElementById("frame").contentDocument;
        const root = document.documentElement;
        root.setAttribute("data-width", page.documentElement.scrollWidth);
        root.setAttribute("data-sections", Array.from(page.querySelectorAll("section"))
          .filter(s => s.getBoundingClientRect().height > 40).map(s => s.id).join(" "));
        root.setAttribute("data-cut", Array.from(page.querySelectorAll(".scroll")).filter(s => {
          const range = page.createRange(), caption = s.querySelector("caption");
          if (caption) range.selectNodeContents(caption);
          const isCut = caption && range.getBoundingClientRect().right > s.getBoundingClientRect().right;
          const scrolls = page.defaultView.getComputedStyle(s).overflowX == "auto";
          return isCut || s.scrollWidth > s.clientWidth && !scrolls; }).length);
        const images = Array.from(page.images), charts = Array.from(page.querySelectorAll("svg.chart"));
        root.setAttribute("data-pictures", [images.length, images.filter(i => !i.naturalWidth).length,
          charts.filter(c => c.getBoundingClientRect().height > 100).length].join(" ")); }</script>
      """
    try probe.write(toFile: page + ".probe.html", atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(page).profile",
      "--virtual-time-budget=5000", "--dump-dom", "file://\(page).probe.html",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
