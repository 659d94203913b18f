/// A tensor in host memory: a value with typed, row-major storage.
public struct Tensor: Sendable {
  /// The extents, outermost first.
  public let extents: [Int]
  /// The elements, row-major.
  private let storage: any TensorStorage

  /// A tensor of `elements`, row-major.
  /// - Requires: there are as many elements as `extents` multiply to.
  public init<E: TensorElement>(_ extents: [Int], _ elements: [E]) {
    self.extents = extents
    storage = elements
    precondition(count == extents.reduce(1, *), "\(count) elements do not fill the extents \(extents)")
  }

  /// A tensor of `type` whose every element is `scalar(i)`, where `i` is its row-major position.
  /// - Requires: `type` is fixed, and every scalar has its element type.
  public init(_ type: TensorType, fillingWith scalar: (Int) -> Scalar) {
    func filled<E: TensorElement>(_: E.Type) -> Tensor {
      Tensor(type.extents, (0..<type.elementCount).map { E(scalar($0)) })
    }
    self = filled(type.element.host)
  }

  /// A tensor of `type` whose elements are `values`, rounded to the element type.
  public init(_ type: TensorType, rounding values: [Double]) {
    self = Self.rounded(values, type.extents, type.element.host)
  }

  /// A tensor of `type` whose elements are `values`, modulo the size of the integer type.
  public init(_ type: TensorType, wrapping values: [Int64]) {
    if type.element == .i1 {
      self.init(type.extents, values.map { $0 & 1 != 0 })
      return
    }
    func low<Word: FixedWidthInteger>(_: Word.Type) -> Tensor {
      values.map { Word(truncatingIfNeeded: $0) }.withUnsafeBytes { Tensor(type, bytes: $0) }
    }
    switch type.element.byteCount {
    case 1: self = low(UInt8.self)
    case 2: self = low(UInt16.self)
    case 4: self = low(UInt32.self)
    default: self = low(UInt64.self)
    }
  }

  // What is converted in bulk, above all data, has code of its own.
  @_specialize(where E == Float)
  @_specialize(where E == Float16)
  @_specialize(where E == BFloat16)
  @_specialize(where E == Int32)
  @_specialize(where E == UInt8)
  private static func rounded<E: TensorElement>(_ values: [Double], _ extents: [Int], _: E.Type) -> Tensor {
    if let values = values as? [E] { return Tensor(extents, values) }
    return Tensor(extents, values.map { E(rounding: $0) })
  }

  /// A tensor of `type` read from row-major bytes in the machine's order; `i1` from bytes that are 0 or not.
  /// - Requires: `bytes` holds `type.byteCount` bytes.
  public init(_ type: TensorType, bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == type.byteCount, "\(bytes.count) bytes do not fill \(type)")
    func copied<E: TensorElement>(_: E.Type) -> Tensor {
      let elements = [E](unsafeUninitializedCapacity: bytes.count / MemoryLayout<E>.stride) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = bytes.count / MemoryLayout<E>.stride
      }
      return Tensor(type.extents, elements)
    }
    self = type.element == .i1 ? Tensor(type.extents, bytes.map { $0 != 0 }) : copied(type.element.host)
  }

  /// A tensor of `type` whose elements all are `scalar`, which has its element type.
  public init(_ type: TensorType, repeating scalar: Scalar) {
    func filled<E: TensorElement>(_: E.Type) -> Tensor {
      Tensor(type.extents, [E](repeating: E(scalar), count: type.elementCount))
    }
    self = filled(type.element.host)
  }

  /// A tensor of zeros.
  public static func zeros(_ type: TensorType) -> Tensor { Tensor(type, repeating: Scalar(0, as: type.element)) }

  /// A tensor of rank 0.
  public init(_ scalar: Scalar) { self.init(TensorType([Int](), scalar.type), repeating: scalar) }

  public var type: TensorType { TensorType(extents, element) }

  public var element: ElementType { storage.elementType }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The element at row-major position `i`.
  public subscript(i: Int) -> Scalar { storage.scalar(at: i) }

  /// The elements, row-major, where `E` is their type: `Float` for `f32`.
  public func elements<E: TensorElement>(as _: E.Type = E.self) -> [E]? { storage as? [E] }

  /// The elements as `Double`s, row-major: exact but for integers beyond 2^53.
  public var doubles: [Double] { storage.doubles }

  /// The elements as integers, row-major.
  /// - Requires: an integer or boolean element type.
  public var integers: [Int64] {
    precondition(!element.isFloat, "a floating-point tensor has no integers")
    return storage.integers
  }

  /// The same numbers in the type in which they are computed with.
  public var arithmetic: Tensor {
    if !element.isStorage { return self }
    return element.isFloat ? Tensor(type.arithmetic, rounding: doubles) : Tensor(type.arithmetic, wrapping: integers)
  }

  /// The same elements in other extents.
  public func reshaped(_ extents: [Int]) -> Tensor {
    func reshaped<S: TensorStorage>(_ storage: S) -> Tensor { storage.tensor(extents) }
    return reshaped(storage)
  }

  /// Calls `body` with the elements' bytes, row-major, in the machine's order.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try storage.withBytes(body)
  }

  /// The row-major position of the first element that is infinite or no number.
  public var firstNotFinite: Int? {
    guard element.isFloat else { return nil }
    let infinity = element.infinityBits
    func first<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type) -> Int? {
      let mask = Bits(truncatingIfNeeded: infinity)
      return withBytes { bytes in bytes.bindMemory(to: Bits.self).firstIndex { $0 & mask == mask } }
    }
    switch element.byteCount {
    case 2: return first(UInt16.self)
    case 4: return first(UInt32.self)
    default: return first(UInt64.self)
    }
  }

  /// Whether both have the same type and the same bits, NaN included.
  public func hasSameBits(as other: Tensor) -> Bool {
    type == other.type && withBytes { a in other.withBytes { b in a.elementsEqual(b) } }
  }
}

extension Tensor: Equatable {
  /// Whether both have the same type and equal elements: NaN equals nothing.
  public static func == (a: Tensor, b: Tensor) -> Bool { a.extents == b.extents && a.storage.isEqual(to: b.storage) }
}

/// An array of elements of some type.
private protocol TensorStorage: Sendable {
  var elementType: ElementType { get }
  var count: Int { get }
  var doubles: [Double] { get }
  var integers: [Int64] { get }
  func scalar(at i: Int) -> Scalar
  func isEqual(to other: any TensorStorage) -> Bool
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
  /// The elements in `extents`.
  func tensor(_ extents: [Int]) -> Tensor
}

extension Array: TensorStorage where Element: TensorElement {
  fileprivate var elementType: ElementType { Element.elementType }
  fileprivate var doubles: [Double] { self as? [Double] ?? asDoubles(self) }
  fileprivate var integers: [Int64] { self as? [Int64] ?? asIntegers(self) }
  fileprivate func scalar(at i: Int) -> Scalar { self[i].scalar }
  fileprivate func isEqual(to other: any TensorStorage) -> Bool { (other as? [Element]) == self }
  fileprivate func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeBytes(body)
  }
  fileprivate func tensor(_ extents: [Int]) -> Tensor { Tensor(extents, self) }
}

@_specialize(where E == Float)
@_specialize(where E == Float16)
@_specialize(where E == BFloat16)
@_specialize(where E == Int32)
@_specialize(where E == Int64)
@_specialize(where E == UInt8)
private func asDoubles<E: TensorElement>(_ elements: [E]) -> [Double] { elements.map(\.asDouble) }

@_specialize(where E == Int32)
@_specialize(where E == Int16)
@_specialize(where E == Int8)
@_specialize(where E == UInt8)
@_specialize(where E == UInt16)
@_specialize(where E == UInt32)
private func asIntegers<E: TensorElement>(_ elements: [E]) -> [Int64] { elements.map(\.scalar.integer) }
