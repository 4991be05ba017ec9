import AdvTensor
import AdvThreat

/// The classes of every image by its logits, without its label and without a refusal, which is no success; the
/// likeliest first, of equal logits the first.
struct Ranking {
  private let rivals: [Int: [Int]]

  /// - Parameters:
  ///   - logits: `[n, classes]`.
  ///   - images: the position of each row's image in the problem.
  ///   - criterion: of the problem.
  init(_ logits: Tensor, _ images: [Int], _ criterion: Criterion) {
    var rivals: [Int: [Int]] = [:]
    for (row, image) in images.enumerated() {
      let z = logits.row(row).elements
      rivals[image] = z.indices.filter { $0 != criterion.labels[image] && $0 != criterion.rejected }
        .sorted { z[$0] != z[$1] ? z[$0] > z[$1] : $0 < $1 }
    }
    self.rivals = rivals
  }

  /// The rival of a rank, 0 for the likeliest.
  func rival(_ rank: Int, of image: Int) -> Int { rivals[image]![rank] }

  /// All rivals of an image.
  func rivals(of image: Int) -> [Int] { rivals[image]! }
}
