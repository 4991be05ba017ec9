/// Published checkpoints that come without a card and do not follow their architecture's usual one, by the
/// SHA-256 of the file.
enum KnownCheckpoints {
  /// The card of a file, nil where the file is not known.
  static func card(sha256: String) -> ModelCard? {
    guard let known = all.first(where: { $0.sha256 == sha256 }) else { return nil }
    var card = known.card
    card.sha256 = sha256
    card.inputSize = known.inputSize
    card.source = known.source
    return card
  }

  private static let all: [(sha256: String, inputSize: [Int], card: ModelCard, source: String)] = [
    (
      "c1cad45a04fed7f59e1444baa9e1f9d1cfed05f13898f8b14388cfe2909cc4e3",
      [3, 224, 224],
      ModelCard(Preprocessing(.bgr, range: 255, mean: [104, 117, 123]), resize: 256, crop: 224),
      "SqueezeNet 1.1 of the paper's authors, trained in Caffe; by way of Windows-Machine-Learning, MIT"
    ),
    (
      "21f25e3d9254af93e6218a359469fac714a017b3f9035c0f5c4acbf9a3ff7233",
      [3, 224, 224],
      ModelCard(Preprocessing(.bgr, range: 255, mean: [104, 117, 123]), resize: 256, crop: 224),
      "the same network as Windows-Machine-Learning's SqueezeNet_fp16.onnx, MIT"
    ),
    (
      "791aa24d77917ecda16809fbbd48e7739616f88ebf74cf358b2d1bf911dc4a6d", [3, 32, 32],
      ModelCard(.ofCIFAR10), "ResNet-2B of VNN-COMP 2021"
    ),
    (
      "04829063afaa10e7c8332202c87162e9a4ce905c54137da212fb07bb92bc1a25", [3, 32, 32],
      ModelCard(.ofCIFAR10), "ResNet-4B of VNN-COMP 2021"
    ),
  ]
}
