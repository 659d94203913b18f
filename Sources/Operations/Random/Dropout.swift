import FraguaGraph
import FraguaSource
import FraguaTensors

/// In training, sets random elements to 0 and scales the others up; in inference, nothing.
public struct DropoutOperation: ModalOperation, RandomOperation {
  public init() {}

  public var name: String { "dropout" }
  public var operandRule: OperandRule { OperandRule(["x", "rng"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "rate", .float, range: .from(0, below: 1), summary: "The probability that an element becomes 0.",
        otherNames: ["p", "prob", "probability", "drop", "drop_rate"]),
      RandomBits.streamSchema,
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "In training, sets random elements to 0 and scales the others up; in inference, does nothing.", group: "Random",
      example: "%d = dropout %h {rate = 0.2} : tensor<Bx512xf32>",
      details: """
        In training y = x / (1 - rate) with probability 1 - rate, else 0, so that the mean stays; the choice is drawn as
        random_uniform does. dx is dy, chosen and scaled alike. In inference, and where the graph is interpreted before
        'specialize', y = x. Source: Srivastava et al., "Dropout" (JMLR 2014), inverted as Keras does.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    try requireRandomState(operands, 1)
    return [operands[0]]
  }

  /// The meaning in inference: the operand.
  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] { [operands[0]] }

  public func specialize(
    _ operands: [Value], _ attributes: Attributes, _ mode: Mode, _ builder: inout FunctionBuilder
  ) -> [Value] {
    let (x, rate) = (operands[0], attributes.float("rate"))
    if mode == .inference || rate == 0 { return [x] }
    // Compared in f32 for f64 too: the draw has 24 bits.
    let draw = builder.randomUniform(
      x.type.with(element: .f32), stream: attributes.integer("stream"), rng: operands[1])
    let isKept = builder.compare(.ge, draw, rate)
    let scaled = builder.multiply(x, 1 / (1 - rate))
    return [builder.select(isKept, scaled, builder.zeros(x.type))]
  }

  /// Dropout of the cotangent with the same stream, hence the same choice, in whatever mode.
  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.emit(self, [node.cotangent, node.operands[1]], node.attributes), nil]
  }

  public var examples: [OperationExample] {
    func example(_ extents: [Int], _ element: ElementType, rate: Double) -> OperationExample {
      OperationExample(
        [TensorType(extents, element), RandomBits.stateType], values: [.uniform(-2...2), .cycle([42, 7])],
        attributes: ["rate": .float(rate), "stream": .integer(3)])
    }
    return [example([3, 5], .f32, rate: 0.5), example([17], .f64, rate: 0.25), example([], .f32, rate: 0)]
  }
}
