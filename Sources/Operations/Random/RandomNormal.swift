import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Random numbers, normally distributed.
public struct RandomNormalOperation: PrimitiveOperation, RandomOperation {
  public init() {}

  public var name: String { "random_normal" }
  public var operandRule: OperandRule { OperandRule(["rng"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("type", .type, summary: "The type of the result, of floats."),
      AttributeSchema(
        "mean", .float, default: .float(0), range: .finite, summary: "The mean.", otherNames: ["mu", "loc"]),
      AttributeSchema(
        "stddev", .float, default: .float(1), range: .atLeast(0), summary: "The standard deviation.",
        otherNames: ["std", "sigma", "scale", "deviation"]),
      RandomBits.streamSchema,
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Random numbers, normally distributed.", group: "Random",
      example: "%n = random_normal {type = tensor<Bx3xf32>, stddev = 0.5} : tensor<Bx3xf32>",
      details: """
        mean + stddev √2 erfinv(x), where x is an odd multiple of 2^-24 between -1 and 1 made of the upper bits of one
        word of Philox4x32-10, chosen as random_uniform does. x is never -1 or 1, so results are finite, within 5.5
        standard deviations. erfinv is computed in f32, also for f64 results, with a relative error near 1e-6. Not
        differentiable. Source: Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011).
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try requireRandomState(operands, 0)
    let type = try randomType(attributes)
    try attributes.requireFit(["mean", "stddev"], type.element, of: name)
    return [type]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let type = attributes.type("type")
    let (mean, stddev) = (attributes.float("mean"), attributes.float("stddev"))
    let bits = RandomBits.draw(type.elementCount, state: operands[0], stream: attributes.integer("stream"))
    let quantiles = bits.map { inverseNormal(Double(2 * Int($0) + 1 - 16_777_216) / 16_777_216) }
    return [Tensor(type, rounding: quantiles.map { mean + stddev * $0 })]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [nil] }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let (mean, stddev) = (attributes.float("mean"), attributes.float("stddev"))
    let stream = attributes.integer("stream")
    let type = results[0]
    return .generator { program, coordinates, operands in
      let bits = RandomBits.draw(
        &program, coordinates, extents: type.extents, state: operands[0], stream: stream)
      let standard = program.convert(program.standardNormal(bits), to: type.element)
      return program.fma(
        standard, program.constant(stddev, type.element), program.constant(mean, type.element))
    }
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, mean: Double, stddev: Double, stream: Int
    ) -> OperationExample {
      OperationExample(
        [RandomBits.stateType], values: [.cycle([42, 7])],
        attributes: [
          "type": .type(TensorType(extents, element)), "mean": .float(mean), "stddev": .float(stddev),
          "stream": .integer(stream),
        ])
    }
    return [
      example([3, 5], .f32, mean: 0, stddev: 1, stream: 0), example([17], .f64, mean: -2, stddev: 3, stream: 5),
      example([], .f32, mean: 1, stddev: 0, stream: 9), example([40, 50], .f32, mean: 0, stddev: 0.5, stream: 1),
    ]
  }
}

extension ScalarProgram {
  /// Appends a standard normal number, in `f32`, made of 24 random bits in an `i64`.
  package mutating func standardNormal(_ bits: Int) -> Int {
    // x = (2 bits + 1 - 2^24) / 2^24, exact.
    let doubled = binary(.shiftLeft, bits, constant(Scalar(1 as Int64)))
    let centered = add(doubled, constant(Scalar(1 - 16_777_216 as Int64)))
    let x = multiply(convert(centered, to: .f32), constant(1.0 / 16_777_216, .f32))
    let one = constant(1, .f32)
    let w = unary(.negate, unary(.log, multiply(subtract(one, x), add(one, x))))
    let central = polynomial(Self.centralCoefficients, subtract(w, constant(2.5, .f32)))
    let tail = polynomial(Self.tailCoefficients, subtract(unary(.sqrt, w), constant(3, .f32)))
    let factor = select(compare(.lt, w, constant(5, .f32)), central, tail)
    return multiply(multiply(factor, x), constant(2.0.squareRoot(), .f32))
  }

  /// Appends Horner's scheme with fused multiply-adds, the highest coefficient first.
  private mutating func polynomial(_ coefficients: [Double], _ x: Int) -> Int {
    coefficients.dropFirst().reduce(constant(coefficients[0], .f32)) { fma($0, x, constant($1, .f32)) }
  }

  /// Giles' single-precision coefficients for -log(1 - x²) < 5, about 2.5.
  private static let centralCoefficients = [
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
    0.246640727, 1.50140941,
  ]
  /// Giles' single-precision coefficients for the root of -log(1 - x²) from √5, about 3.
  private static let tailCoefficients = [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
    1.00167406, 2.83297682,
  ]
}
