import FraguaSource
import FraguaTensors

extension VectorMath {
  /// Word `index mod 4` of Philox4x32-10 as ``ScalarProgram/Instruction/random(seed:step:index:stream:)`` defines it:
  /// an `i64` in 0 ..< 2^32 from three `i64`.
  public static func random<A: ElementArithmetic>(
    seed: A.Value, step: A.Value, index: A.Value, stream: UInt32, in a: inout A
  ) -> A.Value {
    let two = a.integer(2, .i64)
    let block = a.shiftRight(index, two)
    let words = philox(
      counter: [low(block, in: &a), high(block, in: &a), a.integer(Int64(stream), .i64), low(step, in: &a)],
      key: [low(seed, in: &a), high(seed, in: &a)], in: &a)
    let word = a.and(index, a.integer(3, .i64))
    let first = a.select(a.compare(.eq, word, a.integer(0, .i64)), words[0], words[1])
    let second = a.select(a.compare(.eq, word, two), words[2], words[3])
    return a.select(a.compare(.lt, word, two), first, second)
  }

  /// The four words of Philox4x32-10, on `i64` that hold 32 bits each.
  ///
  /// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
  /// - Requires: four words of counter and two of key, each in 0 ..< 2^32.
  public static func philox<A: ElementArithmetic>(
    counter: [A.Value], key: [A.Value], in a: inout A
  ) -> [A.Value] {
    precondition(counter.count == 4 && key.count == 2, "Philox4x32 has four words of counter and two of key")
    let multiplier0 = a.integer(0xD251_1F53, .i64)
    let multiplier1 = a.integer(0xCD9E_8D57, .i64)
    var words = counter
    var (key0, key1) = (key[0], key[1])
    for round in 0..<10 {
      if round > 0 {
        key0 = low(a.add(key0, a.integer(0x9E37_79B9, .i64)), in: &a)
        key1 = low(a.add(key1, a.integer(0xBB67_AE85, .i64)), in: &a)
      }
      let product0 = a.multiply(words[0], multiplier0)
      let product1 = a.multiply(words[2], multiplier1)
      let word0 = a.xor(a.xor(high(product1, in: &a), words[1]), key0)
      let word2 = a.xor(a.xor(high(product0, in: &a), words[3]), key1)
      words = [word0, low(product1, in: &a), word2, low(product0, in: &a)]
    }
    return words
  }

  /// The low 32 bits of an `i64`.
  private static func low<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let mask = a.integer(0xFFFF_FFFF, .i64)
    return a.and(x, mask)
  }

  /// The high 32 bits of an `i64`.
  private static func high<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let width = a.integer(32, .i64)
    return a.shiftRight(x, width)
  }
}
