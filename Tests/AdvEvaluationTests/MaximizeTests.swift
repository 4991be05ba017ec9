import AdvFormats
import AdvTensor
import AdvThreat
import AdvVisual
import Foundation
import Testing

@testable import AdvEvaluation

struct MaximizeTests {
  @Test func `more classes than a sheet shows large make one file each, a count and small cells`() throws {
    let scratch = try Scratch()
    let model = SharedLinearModel(classes: 130, imageShape: [3, 8, 8])
    var ascent = ScoreAscent()
    (ascent.parametrisation, ascent.steps, ascent.frames) = (.pixels, 12, 3)
    var run = MaximizeRun(ascent: ascent, classes: Array(0..<130), shape: model.imageShape) { model.oracle() }
    run.threads = 2
    let folder = try OutputFolder(at: scratch["run"], overwrite: false)
    let output = MaximizeOutput(
      run,
      of: .init(
        name: "linear", arch: "linear", weightsSHA256: nil, classes: (0..<130).map { "kind \($0)" }),
      command: ["advkit", "maximize"], at: .folder(folder.staging))
    let manifest = try output.write()
    try folder.publish()
    #expect(manifest.images.map(\.label) == Array(0..<130) && manifest.start == nil)
    #expect(manifest.summary.classes == 130)
    #expect(manifest.summary.named == manifest.images.count { $0.reading.isNamed })
    for image in manifest.images {
      let tensor = try PNG.read(scratch["run/" + image.file]).image.tensor()
      let logits = try model.oracle().logits(tensor.reshaped(to: [1, 3, 8, 8])).elements
      #expect(
        image.reading == ClassReading(logits, of: image.label) && image.reading.score > image.startScore)
    }
    // Twelve cells of 64 pixels side by side, not twelve photographs.
    #expect(try PNG.read(scratch["run/grid.png"]).image.width < 1_100)
  }
}
