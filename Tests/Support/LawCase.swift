import FraguaGraph
import FraguaOperations
import FraguaTensors

/// One example of one operation: what a law is tested on.
public struct LawCase: Sendable, CustomStringConvertible {
  public let operation: any Operation
  public let example: OperationExample
  /// The example's place among its operation's.
  public let number: Int

  /// Every operation of the standard table with each of its examples.
  public static let all: [LawCase] = OperationTable.standard.all.flatMap { operation in
    operation.examples.enumerated().map { LawCase(operation: operation, example: $1, number: $0) }
  }

  public var description: String { "\(operation.name) \(example.operands) #\(number)" }

  /// The attributes with defaults.
  public var attributes: Attributes {
    get throws { try operation.checked(example.attributes, example.operands) }
  }

  /// The example's operands, drawn for it.
  public var operands: [Tensor] {
    zip(example.operands, example.values).enumerated().map { index, operand in
      drawn(operand.0, operand.1, seed: UInt64(100 * number + index))
    }
  }

  /// The same example with f64 in place of f32, in attributes too: what derivatives are checked in.
  public var inDouble: LawCase {
    func wide(_ type: TensorType) -> TensorType { type.element.isFloat ? type.with(element: .f64) : type }
    let attributes = example.attributes.mapValues { attribute -> Attribute in
      switch attribute {
      case .type(let type): .type(wide(type))
      case .elementType(let element) where element.isFloat: .elementType(.f64)
      case .tensor(let value): .tensor(ConstantValue(Tensor(wide(value.type), rounding: value.tensor.doubles)))
      default: attribute
      }
    }
    let double = OperationExample(
      example.operands.map(wide), values: example.values, attributes: attributes,
      checksDerivative: example.checksDerivative)
    return LawCase(operation: operation, example: double, number: number)
  }

  /// A function that applies the operation to its arguments.
  public func function() throws -> Function {
    var builder = FunctionBuilder(name: "f")
    let arguments = example.operands.enumerated().map { builder.argument("x\($0)", $1) }
    builder.setResults(try builder.apply(operation, arguments, example.attributes))
    return builder.function
  }
}

/// A tensor of `type` with elements from `values`.
public func drawn(_ type: TensorType, _ values: OperationExample.Values, seed: UInt64) -> Tensor {
  switch values {
  case .cycle(let list):
    return Tensor(type, rounding: (0..<type.elementCount).map { list[$0 % list.count] })
  case .uniform(let range):
    let numbers = randomNumbers(type.elementCount, seed: seed).map {
      range.lowerBound + $0 * (range.upperBound - range.lowerBound)
    }
    return Tensor(type, rounding: type.element.isFloat ? numbers : numbers.map { $0.rounded(.down) })
  }
}

/// Numbers from 0 and below 1, by Philox.
public func randomNumbers(_ count: Int, seed: UInt64) -> [Double] {
  (0..<count).map { i in
    let words = Philox.words(
      counter: (UInt32(i), 0, 0, 0), key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return Double(words.0) / 4_294_967_296
  }
}

/// The largest difference of the elements, divided by the largest magnitude in `expected`, or by 1 where that is less.
///
/// Equal infinities and two NaN differ by 0.
public func relativeError(_ actual: Tensor, _ expected: Tensor) -> Double {
  let pairs = zip(actual.doubles, expected.doubles)
  let scale = expected.doubles.filter(\.isFinite).map { abs($0) }.reduce(1, max)
  return pairs.map { a, b in a == b || (a.isNaN && b.isNaN) ? 0 : a.isNaN || b.isNaN ? .infinity : abs(a - b) / scale }
    .reduce(0, max)
}

/// A function with the arguments of `function` that returns the sum of its results of floats, each element times a
/// fixed random weight; `nil` where it has none.
public func weighted(_ function: Function, seed: UInt64) -> Function? {
  var builder = FunctionBuilder(continuing: function)
  var total: Value?
  for (index, result) in function.results.enumerated() where result.type.element.isFloat {
    let weights = randomNumbers(result.type.elementCount, seed: seed + UInt64(index)).map { $0 + 0.5 }
    let type = result.type.arithmetic
    let product = builder.multiply(
      builder.convert(result, to: type.element), builder.constant(Tensor(type, rounding: weights)))
    let sum = builder.reduceSum(product, axes: Array(0..<result.type.rank))
    total = total.map { builder.add($0, sum) } ?? sum
  }
  guard let total else { return nil }
  builder.setResults([total])
  return builder.function
}
