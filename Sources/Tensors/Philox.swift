/// Philox4x32-10: four random words for every counter and key, from a bijection without state.
///
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). Tested with the vectors of the
/// authors' library, Random123. The random operations, the initializers and the shuffle all draw from here, so that one
/// definition decides all bits.
public enum Philox {
  /// The four words at `counter` of the sequence chosen by `key`: ten rounds of two multiplications.
  @inlinable public static func words(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for round in 0..<10 {
      if round > 0 { k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85) }
      let a = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c.0)
      let b = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c.2)
      c = (b.high ^ c.1 ^ k.0, b.low, a.high ^ c.3 ^ k.1, a.low)
    }
    return c
  }
}
