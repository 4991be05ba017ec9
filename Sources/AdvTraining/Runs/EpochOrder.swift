import AdvTensor

/// The order in which an epoch visits the images: Fisher & Yates's shuffle, a function of (seed, epoch).
enum EpochOrder {
  static func shuffled(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var order = Array(0..<count)
    var stream = RandomStream(seed: seed, 0x6f72_6465, UInt64(epoch))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, stream.integer(below: last + 1))
    }
    return order
  }
}
