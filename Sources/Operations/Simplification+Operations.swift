import FraguaGraph
import FraguaTensors

/// What rules of several operations are written with.
extension Simplification {
  /// A constant of `type` whose elements are `scalar`.
  mutating func splat(_ scalar: Scalar, _ type: TensorType) -> Value {
    make(ConstantOperation(), [], ["value": .tensor(ConstantValue(type, splat: scalar))])
  }

  /// `x` in `shape`; itself where it has it.
  mutating func reshape(_ x: Value, to shape: Shape) -> Value {
    if x.type.shape == shape { return x }
    return make(ReshapeOperation(), [x], ["to": .type(TensorType(shape, x.type.element))])
  }

  /// `x` itself in place of arithmetic that would change denormals only, where it holds none.
  func unchanged(_ x: Value) -> [Value]? { holdsNoDenormals(x) ? [x] : nil }

  /// `f(x, x) = x`.
  func ofEqual(_ x: [Value]) -> [Value]? { x[0] == x[1] ? unchanged(x[0]) : nil }
}

extension Scalar {
  /// Whether it is +0 or an integer 0.
  var isPositiveZero: Bool { bits == 0 }

  /// Whether adding it changes no number: -0, or an integer 0.
  var isNeutralForAddition: Bool { type.isFloat ? asDouble == 0 && asDouble.sign == .minus : bits == 0 }

  var isOne: Bool { type != .i1 && asDouble == 1 }

  var isMinusOne: Bool { type != .i1 && asDouble == -1 }

  /// The same float with the other sign.
  var negated: Scalar { Scalar(-asDouble, as: type) }

  /// `1 / x` where `x` is a power of two and the result a normal number.
  var exactReciprocal: Scalar? {
    guard type.isFloat, asDouble.isNormal, asDouble.significand == 1 else { return nil }
    let inverse = Scalar(1 / asDouble, as: type)
    let isNormal = !inverse.isDenormal && inverse.isFinite
    return isNormal ? inverse : nil
  }
}
