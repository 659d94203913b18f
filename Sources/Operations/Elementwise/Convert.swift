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
        To a float: rounded to nearest even. Float to integer: towards 0, saturating, NaN becomes 0. Integer to integer:
        wraps. To i1: whether the element is not 0. From i1: 0 or 1. Between floats dx = dy converted back; integer and
        boolean results and operands stop differentiation.
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
    return [
      Tensor(type) { i in
        switch type.element {
        case .f32: Scalar(Float(integers[i]))
        case .f64: Scalar(Double(integers[i]))
        case .i1: Scalar(integers[i] != 0)
        default: Scalar(wrapping: integers[i], as: type.element)
        }
      }
    ]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let element = node.operands[0].type.element
    return [element.isFloat ? builder.convert(node.cotangent, to: element) : nil]
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

extension ElementType {
  /// Whether every value of `other` is one of this type.
  fileprivate func holds(_ other: ElementType) -> Bool {
    if self == other { return true }
    return switch (other, self) {
    case (.i1, _): true
    case (.ui8, .i32), (.ui8, .i64), (.ui8, .f32), (.ui8, .f64): true
    case (.i32, .i64), (.i32, .f64): true
    case (.f32, .f64): true
    default: false
    }
  }
}
