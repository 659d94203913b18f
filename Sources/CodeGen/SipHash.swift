/// SipHash-2-4 with 128 bits: a hash that nobody can make up for other bytes without its key.
///
/// Aumasson and Bernstein: "SipHash: a fast short-input PRF" (INDOCRYPT 2012); the longer result is that of its
/// authors' reference implementation. About a byte a cycle.
package struct SipHash {
  /// The hash, or the key: two words, the first of which comes first in memory, little-endian.
  package struct Words: Hashable {
    package var low: UInt64
    package var high: UInt64

    package init(_ low: UInt64, _ high: UInt64) { (self.low, self.high) = (low, high) }

    /// - Returns: `nil` unless there are 16 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
      guard bytes.count == 16 else { return nil }
      func word(_ part: some Collection<UInt8>) -> UInt64 {
        part.enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
      }
      self.init(word(bytes.prefix(8)), word(bytes.dropFirst(8)))
    }

    package var bytes: [UInt8] {
      [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }
  }

  private var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

  /// The hash of `bytes` with `key`.
  package static func hash(_ bytes: UnsafeRawBufferPointer, key: Words) -> Words {
    var state = SipHash(key)
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      state.add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    for offset in whole..<bytes.count { last |= UInt64(bytes[offset]) << (8 * UInt64(offset - whole)) }
    state.add(last)
    return state.finished()
  }

  private init(_ key: Words) {
    v0 = key.low ^ 0x736f_6d65_7073_6575
    v1 = key.high ^ 0x646f_7261_6e64_6f6d ^ 0xee
    v2 = key.low ^ 0x6c79_6765_6e65_7261
    v3 = key.high ^ 0x7465_6462_7974_6573
  }

  private mutating func round() {
    func rotated(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }
    v0 &+= v1
    v2 &+= v3
    v1 = rotated(v1, 13) ^ v0
    v3 = rotated(v3, 16) ^ v2
    v0 = rotated(v0, 32)
    v2 &+= v1
    v0 &+= v3
    v1 = rotated(v1, 17) ^ v2
    v3 = rotated(v3, 21) ^ v0
    v2 = rotated(v2, 32)
  }

  private mutating func add(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  private mutating func finished() -> Words {
    v2 ^= 0xee
    for _ in 0..<4 { round() }
    let low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xdd
    for _ in 0..<4 { round() }
    return Words(low, v0 ^ v1 ^ v2 ^ v3)
  }
}
