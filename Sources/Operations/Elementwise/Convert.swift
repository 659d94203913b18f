import FraguaGraph
import FraguaSource
import FraguaTensors

/// Elements as another element type.
public struct ConvertOperation: PrimitiveOperation, FoldableOperation, ConvertingOperation {
  public init() {}

  public var name: String { "convert" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "to", .elementType, summary: "The element type of the result.", otherNames: ["dtype", "type", "element"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Elements converted to another element type.", group: "Elementwise",
      example: "%y = convert %pixels {to = f32} : tensor<Bx28x28xf32>",
      details: """
        To a float: rounded to nearest even, integers to f16 and bf16 by way of f64. Float to integer: towards 0,
        saturating, NaN becomes 0. Integer to integer: wraps. To i1: whether the element is not 0. From i1: 0 or 1.
        Between floats dx = dy, in the type that x computes in; integer and boolean results and operands stop
        differentiation.
        The types f16, bf16, i8, i16, ui16 and ui32 are for storing: to compute, convert to f32, i32 or i64.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    [operands[0].with(element: attributes.elementType("to"))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let type = x.type.with(element: attributes.elementType("to"))
    if type == x.type { return [x] }
    if x.element.isFloat { return [Tensor(type, rounding: x.doubles)] }
    let integers = x.integers
    switch type.element {
    case .f32: return [Tensor(type.extents, integers.map(Float.init))]
    case .i1: return [Tensor(type.extents, integers.map { $0 != 0 })]
    case let element where element.isFloat: return [Tensor(type, rounding: integers.map(Double.init))]
    default: return [Tensor(type, wrapping: integers)]
    }
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let element = node.operands[0].type.element
    return [element.isFloat ? builder.convert(node.cotangent, to: element.arithmetic) : nil]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let element = attributes.elementType("to")
    return .pointwise { program, x in program.convert(x[0], to: element) }
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, to target: ElementType,
      _ values: OperationExample.Values = .uniform(-2...2)
    ) -> OperationExample {
      OperationExample(
        [TensorType(extents, element)], values: [values], attributes: ["to": .elementType(target)])
    }
    return [
      example([2, 3], .f32, to: .f64), example([], .f64, to: .f32),
      example([5], .f32, to: .i32, .cycle([1.75, -1.75, 3e9, -3e9, 0])),
      example([4], .f64, to: .ui8, .cycle([-1, 0.5, 254.75, 300])),
      example([3], .f32, to: .i1, .cycle([0, 0.25, -1])),
      example([3], .ui8, to: .f32, .cycle([0, 7, 255])), example([3], .i64, to: .i32, .cycle([4_294_967_297, -1])),
      example([2], .i1, to: .f32, .cycle([0, 1])), example([3], .i32, to: .ui8, .cycle([256, -1, 7])),
      example([3], .i32, to: .i1, .cycle([256, 0])), example([2], .i1, to: .i64, .cycle([1, 0])),
      example([4], .f32, to: .bf16, .cycle([1.003, -0x1.01p0, 3, 0.1])), example([3], .bf16, to: .f32),
      example([4], .f64, to: .f16, .cycle([6.25, 1e-3, -0x1.002p0, 0.1])), example([2], .f16, to: .f64),
      example([3], .i32, to: .i8, .cycle([200, -3, 256])), example([3], .i8, to: .i32, .cycle([-128, 127, 0])),
      example([3], .ui16, to: .f32, .cycle([65_535, 0, 3])), example([2], .ui32, to: .i64, .cycle([4_294_967_295, 1])),
      example([3], .f32, to: .i16, .cycle([40_000, -2.5, 7])), example([2], .i64, to: .bf16, .cycle([257, -259])),
    ]
  }
}

extension ConvertOperation: SimplifiableOperation {
  /// To the same type, nothing; after a conversion that loses nothing, the conversion from there.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    let target = attributes.elementType("to")
    if x[0].type.element == target { return [x[0]] }
    guard let inner = s.operand(of: x[0], as: ConvertOperation.self) else { return nil }
    let (first, between) = (inner.type.element, x[0].type.element)
    guard between.holds(first) else { return nil }
    // A float saturates on its way to an integer, where an integer wraps.
    if between.isFloat, !first.isFloat, target.isInteger, !target.holds(first) { return nil }
    if first == target { return s.unchanged(inner) }
    return [s.make(ConvertOperation(), [inner], attributes)]
  }
}
