import FraguaGraph
import FraguaSource
import FraguaTensors

/// Each element's coordinate along one axis.
public struct IotaOperation: PrimitiveOperation {
  public init() {}

  public var name: String { "iota" }
  public var operandRule: OperandRule { OperandRule([]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("type", .type, summary: "The type of the result, of floats or integers."),
      AttributeSchema(
        "axis", .integer, default: .integer(0), summary: "The axis along which the elements count up from 0."),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Each element's coordinate along one axis.", group: "Constants",
      example: "%i = iota {type = tensor<Bx10xi32>, axis = 1} : tensor<Bx10xi32>",
      details: "0, 1, 2 and so on along the axis, the same along the others; wraps where the integer type is too small."
    )
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let type = attributes.type("type")
    if !ElementTypes.numbers.contains(type.element) {
      throw error("makes \(list(ElementTypes.numbers)) elements, but attribute 'type' is \(type)")
    }
    try requireAxes([attributes.integer("axis")], rank: type.rank, of: "axis")
    return [try checkedResult(type)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let type = attributes.type("type")
    let strides = (0..<type.rank).map { $0 == attributes.integer("axis") ? 1 : 0 }
    let coordinates = linearIndices(type.extents, strides: strides)
    return [
      type.element.isFloat
        ? Tensor(type, rounding: coordinates.map(Double.init)) : Tensor(type, wrapping: coordinates.map(Int64.init))
    ]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [] }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let (axis, element) = (attributes.integer("axis"), results[0].element)
    return .generator { program, coordinates, _ in program.convert(coordinates[axis], to: element) }
  }

  public var examples: [OperationExample] {
    func example(_ type: TensorType, axis: Int) -> OperationExample {
      OperationExample([], attributes: ["type": .type(type), "axis": .integer(axis)])
    }
    return [
      example(TensorType([3, 5], .i32), axis: 1), example(TensorType([3, 5], .f32), axis: 0),
      example(TensorType([300], .ui8), axis: 0), example(TensorType([2, 1, 3], .i64), axis: 2),
      example(TensorType([4], .f64), axis: 0),
    ]
  }
}
