/// The type of a tensor's elements.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case f32, f64, i32, i64, ui8, i1

  /// The size of one element in memory; `i1` takes a byte that is 0 or 1.
  public var byteCount: Int {
    switch self {
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .ui8, .i1: 1
    }
  }

  /// Whether the type is a floating-point type: what can be differentiated.
  public var isFloat: Bool { self == .f32 || self == .f64 }

  /// Whether the type is an integer type; `i1` is not.
  public var isInteger: Bool { self == .i32 || self == .i64 || self == .ui8 }
}
