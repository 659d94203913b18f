import FraguaSource
import FraguaTensors

/// The order of a data set's rows in an epoch.
public enum RowOrder: Sendable, Hashable {
  /// As they stand.
  case sequential
  /// Permuted anew every epoch, by ``shuffledRows(_:seed:epoch:)``.
  case shuffled(seed: UInt64, epoch: UInt64)
}

/// The permutation of the rows 0 to `count` - 1 that belongs to a seed and an epoch: each of the `count`! as likely.
///
/// The same on every machine, at any number of threads, after any resume; the bits are part of what can be reproduced.
/// Definition: random words w0, w1, … are the words, in order, of the blocks 0, 1, … of Philox4x32-10 with the key
/// (seed mod 2^32, seed / 2^32) and, for block b, the counter (b, epoch mod 2^32, epoch / 2^32, 0x73687566), whose last
/// word spells `shuf` and keeps these words apart from those of random operations. Starting from 0, 1, …, `count` - 1,
/// for i from `count` - 1 down to 1, the elements at i and at j are swapped, where j is drawn from 0…i (Fisher, Yates,
/// Durstenfeld). A draw from 0..<n takes a word w; where (w n) mod 2^32 < 2^32 mod n it takes the next word instead;
/// the draw is ⌊w n / 2^32⌋ (Lemire, "Fast random integer generation in an interval", 2019), which is unbiased.
/// - Requires: `count` is less than 2^32.
public func shuffledRows(_ count: Int, seed: UInt64, epoch: UInt64) -> [Int] {
  precondition(count >= 0 && count <= UInt32.max, "a permutation of \(count) rows")
  var words = ShuffleWords(seed: seed, epoch: epoch)
  var rows = Array(0..<count)
  for i in stride(from: count - 1, to: 0, by: -1) {
    rows.swapAt(i, Int(words.draw(below: UInt32(i) &+ 1)))
  }
  return rows
}

/// The random words of a shuffle, one after another.
private struct ShuffleWords {
  private let key: (UInt32, UInt32)
  private let epoch: (UInt32, UInt32)
  private var block: UInt32 = 0
  private var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  /// How many words of the block are taken.
  private var taken = 4

  init(seed: UInt64, epoch: UInt64) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.epoch = (UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: epoch >> 32))
  }

  /// The next word.
  private mutating func next() -> UInt32 {
    if taken == 4 {
      words = Philox.words(counter: (block, epoch.0, epoch.1, 0x7368_7566), key: key)
      block &+= 1
      taken = 0
    }
    taken += 1
    switch taken {
    case 1: return words.0
    case 2: return words.1
    case 3: return words.2
    default: return words.3
    }
  }

  /// A number from 0 to `n` - 1, each as likely.
  /// - Requires: `n` is at least 1.
  mutating func draw(below n: UInt32) -> UInt32 {
    while true {
      let product = next().multipliedFullWidth(by: n)
      // 2^32 mod n is less than n, so that the division is seldom needed.
      if product.low >= n || product.low >= (0 &- n) % n { return product.high }
    }
  }
}
