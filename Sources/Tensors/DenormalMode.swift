import CSupport

/// What the processor does with denormals on the calling thread.
///
/// A graph means that denormals are zeros: arithmetic takes a denormal operand as a zero of its sign, and gives zero
/// for a denormal result. Steps set the processor's mode themselves; whatever else computes what a graph means, the
/// interpreters and the oracles, runs under that mode. All else runs without: Swift's reading and printing of numbers
/// need it as it was.
public struct DenormalMode: Sendable {
  private let bits: UInt64

  /// Makes denormals zeros, and gives the mode before. Costs a few cycles where they are zeros already.
  @discardableResult public static func flush() -> DenormalMode { DenormalMode(bits: fragua_flush_denormals()) }

  /// Keeps denormals. Gives the mode before.
  @discardableResult public static func keep() -> DenormalMode { DenormalMode(bits: fragua_keep_denormals()) }

  /// Goes back to this mode.
  public func restore() { fragua_restore_mode(bits) }
}

/// Calls `body` where denormals are zeros.
///
/// Never inlined, so that no arithmetic moves in or out.
@inline(never)
public func withDenormalsAsZeros<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  let before = DenormalMode.flush()
  defer { before.restore() }
  return try body()
}

/// Calls `body` where denormals are kept: rounding a number that a user wrote is no arithmetic of a graph.
///
/// Never inlined, so that no arithmetic moves in or out.
@inline(never)
public func withDenormalsKept<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  let before = DenormalMode.keep()
  defer { before.restore() }
  return try body()
}

extension BinaryFloatingPoint {
  /// The number itself, but a zero of its sign where denormals are zeros and it is one.
  @inline(__always) public var flushed: Self { self + Self(signOf: self, magnitudeOf: 0) }
}

extension Scalar {
  /// Whether it is a float that is neither normal nor a zero.
  public var isDenormal: Bool { type.isFloat && bits & type.infinityBits == 0 && bits & ~type.signMask != 0 }
}
