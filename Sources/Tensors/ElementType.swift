/// The type of a tensor's elements.
///
/// Operations compute in f32, f64, i32, i64, ui8 and i1. The others are *storage types*: tensors of them are held, moved,
/// read from files, written to files and converted; who computes with them converts to ``arithmetic`` first.
///
/// This is the one table: a new type is a case and a row here, the conformance of its Swift type to ``TensorElement``, how
/// it is read from the text of a CSV field, and what data files call it.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case f32, f64, i32, i64, ui8, i1
  case f16, bf16, i8, i16, ui16, ui32

  /// What the bits of an element mean.
  public enum Kind: Sendable, Hashable {
    /// A sign, an exponent and so many explicit bits of the significand, as IEEE 754 lays them out.
    case float(significandBits: Int)
    /// Two's complement.
    case signed
    case unsigned
    case boolean
  }

  /// What is to know of a type.
  private struct Row {
    let kind: Kind
    let host: any TensorElement.Type
    let arithmetic: ElementType?

    init(_ kind: Kind, _ host: any TensorElement.Type, computesIn arithmetic: ElementType? = nil) {
      (self.kind, self.host, self.arithmetic) = (kind, host, arithmetic)
    }
  }

  private var row: Row {
    switch self {
    case .f32: Row(.float(significandBits: 23), Float.self)
    case .f64: Row(.float(significandBits: 52), Double.self)
    case .i32: Row(.signed, Int32.self)
    case .i64: Row(.signed, Int64.self)
    case .ui8: Row(.unsigned, UInt8.self)
    case .i1: Row(.boolean, Bool.self)
    case .f16: Row(.float(significandBits: 10), Float16.self, computesIn: .f32)
    case .bf16: Row(.float(significandBits: 7), BFloat16.self, computesIn: .f32)
    case .i8: Row(.signed, Int8.self, computesIn: .i32)
    case .i16: Row(.signed, Int16.self, computesIn: .i32)
    case .ui16: Row(.unsigned, UInt16.self, computesIn: .i32)
    case .ui32: Row(.unsigned, UInt32.self, computesIn: .i64)
    }
  }

  public var kind: Kind { row.kind }

  /// The Swift type of an element.
  public var host: any TensorElement.Type { row.host }

  /// The type that elements are converted to for arithmetic; it holds each of them.
  public var arithmetic: ElementType { row.arithmetic ?? self }

  /// Whether tensors of the type are only stored.
  public var isStorage: Bool { row.arithmetic != nil }

  /// The size of one element in memory; `i1` takes a byte that is 0 or 1.
  public var byteCount: Int {
    func size<E: TensorElement>(_: E.Type) -> Int { MemoryLayout<E>.size }
    return size(row.host)
  }

  /// The number of bits that mean something.
  public var bitCount: Int { self == .i1 ? 1 : 8 * byteCount }

  /// Whether the type is a floating-point type: what can be differentiated.
  public var isFloat: Bool { significandBits != nil }

  /// The explicit bits of a float's significand; `nil` for other types.
  public var significandBits: Int? { if case .float(let bits) = kind { bits } else { nil } }

  /// Whether the type is an integer type; `i1` is not.
  public var isInteger: Bool { kind == .signed || kind == .unsigned }

  /// Whether elements are numbers without a sign; `i1` is one.
  public var isUnsigned: Bool { kind == .unsigned || kind == .boolean }

  /// The signed integer type of the same size.
  /// - Requires: a float.
  public var bitsType: ElementType {
    guard let type = Self.allCases.first(where: { $0.kind == .signed && $0.byteCount == byteCount }) else {
      preconditionFailure("no integer is as wide as \(rawValue)")
    }
    return type
  }

  /// The sign bit of a float.
  public var signMask: UInt64 { 1 << (bitCount - 1) }

  /// The bits of positive infinity.
  /// - Requires: a float.
  public var infinityBits: UInt64 { signMask - (1 << (significandBits ?? 0)) }

  /// The least element: minus infinity for a float.
  public var lowest: Scalar {
    if isFloat { return Scalar(type: self, bits: infinityBits | signMask) }
    return Scalar(wrapping: isUnsigned ? 0 : Int64(bitPattern: ~(signMask - 1)), as: self)
  }

  /// The greatest element: infinity for a float.
  public var highest: Scalar {
    if isFloat { return Scalar(type: self, bits: infinityBits) }
    return Scalar(wrapping: isUnsigned ? -1 : Int64(bitPattern: signMask - 1), as: self)
  }

  /// Whether every value of `other` is one of this type.
  public func holds(_ other: ElementType) -> Bool {
    if self == other || other == .i1 { return true }
    if self == .i1 { return false }
    switch (other.significandBits, significandBits) {
    case (let from?, let to?): return from < to && exponentBits >= other.exponentBits
    case (.some, nil): return false
    case (nil, let to?): return other.bitCount - (other.isUnsigned ? 0 : 1) <= to + 1 && largestPower >= other.bitCount
    case (nil, nil):
      if other.isUnsigned { return bitCount > other.bitCount || isUnsigned && bitCount == other.bitCount }
      return !isUnsigned && bitCount >= other.bitCount
    }
  }

  /// The bits of a float's exponent.
  private var exponentBits: Int { bitCount - 1 - (significandBits ?? 0) }

  /// The exponent of the largest power of two that a float type has.
  private var largestPower: Int { (1 << (exponentBits - 1)) - 1 }
}
