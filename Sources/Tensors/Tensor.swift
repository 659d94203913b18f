/// A tensor in host memory: a value with typed, row-major storage.
public struct Tensor: Sendable, Equatable {
  /// The elements, typed.
  public enum Storage: Sendable, Equatable {
    case f32([Float])
    case f64([Double])
    case i32([Int32])
    case i64([Int64])
    case ui8([UInt8])
    case i1([Bool])
  }

  /// The extents, outermost first.
  public let extents: [Int]
  public var storage: Storage

  /// - Requires: `storage` holds as many elements as `extents` multiply to.
  public init(_ extents: [Int], _ storage: Storage) {
    self.extents = extents
    self.storage = storage
    precondition(count == extents.reduce(1, *), "\(count) elements do not fill the extents \(extents)")
  }

  public init(_ extents: [Int], _ elements: [Float]) { self.init(extents, .f32(elements)) }
  public init(_ extents: [Int], _ elements: [Double]) { self.init(extents, .f64(elements)) }
  public init(_ extents: [Int], _ elements: [Int32]) { self.init(extents, .i32(elements)) }
  public init(_ extents: [Int], _ elements: [Int64]) { self.init(extents, .i64(elements)) }
  public init(_ extents: [Int], _ elements: [UInt8]) { self.init(extents, .ui8(elements)) }
  public init(_ extents: [Int], _ elements: [Bool]) { self.init(extents, .i1(elements)) }

  /// A tensor of `type` whose every element is `scalar(i)`, where `i` is its row-major position.
  /// - Requires: `type` is fixed, and every scalar has its element type.
  public init(_ type: TensorType, fillingWith scalar: (Int) -> Scalar) {
    let n = type.elementCount
    let storage: Storage
    switch type.element {
    case .f32: storage = .f32((0..<n).map { scalar($0).float })
    case .f64: storage = .f64((0..<n).map { scalar($0).double })
    case .i32: storage = .i32((0..<n).map { Int32(truncatingIfNeeded: scalar($0).integer) })
    case .i64: storage = .i64((0..<n).map { scalar($0).integer })
    case .ui8: storage = .ui8((0..<n).map { UInt8(truncatingIfNeeded: scalar($0).integer) })
    case .i1: storage = .i1((0..<n).map { scalar($0).integer != 0 })
    }
    self.init(type.extents, storage)
  }

  /// A tensor of `type` whose elements are `values`, rounded to the element type.
  public init(_ type: TensorType, rounding values: [Double]) {
    switch type.element {
    case .f32: self.init(type.extents, values.map { Float($0) })
    case .f64: self.init(type.extents, values)
    case .i32, .i64, .ui8, .i1: self.init(type) { Scalar(values[$0], as: type.element) }
    }
  }

  /// A tensor of `type` read from row-major bytes in the machine's order; `i1` from bytes that are 0 or not.
  /// - Requires: `bytes` holds `type.byteCount` bytes.
  public init(_ type: TensorType, bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == type.byteCount, "\(bytes.count) bytes do not fill \(type)")
    func array<T: BitwiseCopyable>(_: T.Type) -> [T] {
      [T](unsafeUninitializedCapacity: bytes.count / MemoryLayout<T>.stride) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = bytes.count / MemoryLayout<T>.stride
      }
    }
    let storage: Storage
    switch type.element {
    case .f32: storage = .f32(array(Float.self))
    case .f64: storage = .f64(array(Double.self))
    case .i32: storage = .i32(array(Int32.self))
    case .i64: storage = .i64(array(Int64.self))
    case .ui8: storage = .ui8(array(UInt8.self))
    case .i1: storage = .i1(bytes.map { $0 != 0 })
    }
    self.init(type.extents, storage)
  }

  /// A tensor of zeros.
  public static func zeros(_ type: TensorType) -> Tensor {
    func zeros<T: Numeric>(_: T.Type) -> [T] { [T](repeating: 0, count: type.elementCount) }
    let storage: Storage =
      switch type.element {
      case .f32: .f32(zeros(Float.self))
      case .f64: .f64(zeros(Double.self))
      case .i32: .i32(zeros(Int32.self))
      case .i64: .i64(zeros(Int64.self))
      case .ui8: .ui8(zeros(UInt8.self))
      case .i1: .i1([Bool](repeating: false, count: type.elementCount))
      }
    return Tensor(type.extents, storage)
  }

  /// A tensor of rank 0.
  public init(_ scalar: Scalar) { self.init(TensorType([Int](), scalar.type)) { _ in scalar } }

  public var type: TensorType { TensorType(extents, element) }

  public var element: ElementType {
    switch storage {
    case .f32: .f32
    case .f64: .f64
    case .i32: .i32
    case .i64: .i64
    case .ui8: .ui8
    case .i1: .i1
    }
  }

  /// The number of elements.
  public var count: Int {
    switch storage {
    case .f32(let a): a.count
    case .f64(let a): a.count
    case .i32(let a): a.count
    case .i64(let a): a.count
    case .ui8(let a): a.count
    case .i1(let a): a.count
    }
  }

  /// The element at row-major position `i`.
  public subscript(i: Int) -> Scalar {
    switch storage {
    case .f32(let a): Scalar(a[i])
    case .f64(let a): Scalar(a[i])
    case .i32(let a): Scalar(a[i])
    case .i64(let a): Scalar(a[i])
    case .ui8(let a): Scalar(a[i])
    case .i1(let a): Scalar(a[i])
    }
  }

  /// The elements as `Double`s, row-major: exact but for integers beyond 2^53.
  public var doubles: [Double] {
    switch storage {
    case .f32(let a): a.map(Double.init)
    case .f64(let a): a
    case .i32(let a): a.map(Double.init)
    case .i64(let a): a.map(Double.init)
    case .ui8(let a): a.map(Double.init)
    case .i1(let a): a.map { $0 ? 1 : 0 }
    }
  }

  /// The elements as integers, row-major.
  /// - Requires: an integer or boolean element type.
  public var integers: [Int64] {
    switch storage {
    case .i32(let a): a.map(Int64.init)
    case .i64(let a): a
    case .ui8(let a): a.map(Int64.init)
    case .i1(let a): a.map { $0 ? 1 : 0 }
    case .f32, .f64: preconditionFailure("a floating-point tensor has no integers")
    }
  }

  /// The same elements in other extents.
  public func reshaped(_ extents: [Int]) -> Tensor { Tensor(extents, storage) }

  /// Calls `body` with the elements' bytes, row-major, in the machine's order.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch storage {
    case .f32(let a): try a.withUnsafeBytes(body)
    case .f64(let a): try a.withUnsafeBytes(body)
    case .i32(let a): try a.withUnsafeBytes(body)
    case .i64(let a): try a.withUnsafeBytes(body)
    case .ui8(let a): try a.withUnsafeBytes(body)
    case .i1(let a): try a.withUnsafeBytes(body)
    }
  }

  /// Whether both have the same type and the same bits, NaN included.
  public func hasSameBits(as other: Tensor) -> Bool {
    type == other.type && withBytes { a in other.withBytes { b in a.elementsEqual(b) } }
  }
}
