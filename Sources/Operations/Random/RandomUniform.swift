import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Random numbers, uniform in an interval.
public struct RandomUniformOperation: PrimitiveOperation, RandomOperation {
  public init() {}

  public var name: String { "random_uniform" }
  public var operandRule: OperandRule { OperandRule(["rng"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("type", .type, summary: "The type of the result, of floats."),
      AttributeSchema("low", .float, default: .float(0), range: .finite, summary: "The smallest value."),
      AttributeSchema(
        "high", .float, default: .float(1), range: .finite,
        summary: "The value that all results are below, up to rounding."),
      RandomBits.streamSchema,
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Random numbers, uniform in an interval.", group: "Random",
      example: "%u = random_uniform {type = tensor<Bx3xf32>, low = -1.0, high = 1.0} : tensor<Bx3xf32>",
      details: """
        low + u (high - low), where u is one of the 2^24 multiples of 2^-24 from 0 and below 1: the upper bits of a word
        of Philox4x32-10, chosen by the state @rng (seed, step), the attribute stream and the element's position. So the
        numbers do not depend on threads, and drawing them again is legal. Not differentiable.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try requireRandomState(operands, 0)
    let type = try randomType(attributes)
    try attributes.requireInterval("low", "high", type.element, of: name)
    return [type]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let type = attributes.type("type")
    let (low, high) = (attributes.float("low"), attributes.float("high"))
    let bits = RandomBits.draw(type.elementCount, state: operands[0], stream: attributes.integer("stream"))
    return [Tensor(type, rounding: bits.map { low + Double($0) / 16_777_216 * (high - low) })]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [nil] }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let (low, high) = (attributes.float("low"), attributes.float("high"))
    let stream = attributes.integer("stream")
    let type = results[0]
    return .generator { program, coordinates, operands in
      let bits = RandomBits.draw(
        &program, coordinates, extents: type.extents, state: operands[0], stream: stream)
      let scale = program.constant((high - low) / 16_777_216, type.element)
      return program.fma(program.convert(bits, to: type.element), scale, program.constant(low, type.element))
    }
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, low: Double, high: Double, stream: Int
    ) -> OperationExample {
      OperationExample(
        [RandomBits.stateType], values: [.cycle([42, 7])],
        attributes: [
          "type": .type(TensorType(extents, element)), "low": .float(low), "high": .float(high),
          "stream": .integer(stream),
        ])
    }
    return [
      example([3, 5], .f32, low: 0, high: 1, stream: 0), example([17], .f64, low: -2, high: 3, stream: 5),
      example([], .f32, low: 1, high: 1, stream: 4_294_967_295), example([2, 3, 4], .f32, low: -1, high: 1, stream: 1),
    ]
  }
}
