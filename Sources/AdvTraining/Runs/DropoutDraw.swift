import AdvGraph
import AdvTensor

/// What fixes the dropout masks of one step: the mask of an image is a function of (seed, step, image, copy, layer),
/// whatever the batch around it and whichever thread asks.
struct DropoutDraw {
  /// The seed of the run.
  var seed: UInt64
  /// Counted over the whole training, replays included.
  var step: Int
  /// The positions of the batch's images in their data set; a recipe may show each of them in several copies, the
  /// whole batch at a time.
  var ids: [UInt64]

  /// The mask of layer number `layer` for `rows` images in hand, `[rows] + shape`. O(elements).
  func values(of mask: DropoutMask, layer: Int, rows: Int) -> Tensor {
    let (count, kept) = (mask.shape.elementCount, 1 / (1 - mask.rate))
    return Tensor(mask.shape.prepending(rows)) { out in
      for row in 0..<rows {
        var draws = RandomStream(
          seed: seed, 0x6d61_736b, UInt64(step), ids[row % ids.count], UInt64(row / ids.count), UInt64(layer))
        for index in (row * count)..<((row + 1) * count) {
          out[index] = draws.uniform() < mask.rate ? 0 : kept
        }
      }
    }
  }
}
