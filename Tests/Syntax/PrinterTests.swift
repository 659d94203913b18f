import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaSyntax
import FraguaTensors
import Testing

/// Printing of what Swift programs and passes make.
@Suite struct PrinterTests {
  private let type = TensorType([2], .f32)

  /// Equal names get suffixes that collide with nothing; what a name cannot hold is replaced; numbers are no names.
  @Test func namesAreMadeUnique() throws {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument("x", type)
    var last = x
    for name in ["h", "h", "h_1", "h", nil, "7", "a b", "a_b", "x"] as [String?] {
      last = try builder.apply(TanhOperation(), [last], names: [name])[0]
    }
    builder.setResults([last])
    let names = GraphPrinter.print(builder.function).split(separator: "\n").dropFirst().dropLast(2).map {
      String($0.drop { $0 == " " }.prefix { $0 != " " })
    }
    #expect(names == ["%h", "%h_2", "%h_1", "%h_3", "%0", "%1", "%a_b", "%a_b_1", "%x_1"])
    try expectStable(Graph(name: "g", functions: [builder.function]))
  }

  /// Arguments without names are called arg0, arg1.
  @Test func argumentsGetNames() throws {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument(nil, type)
    _ = builder.argument(nil, type)
    builder.setResults([x])
    let text = GraphPrinter.print(builder.function)
    #expect(text == "func @f(%arg0: tensor<2xf32>, %arg1: tensor<2xf32>) -> tensor<2xf32> {\n  return %arg0\n}\n")
    try expectStable(Graph(name: "g", functions: [builder.function]))
  }

  /// Every f32 and f64 reads back with its bits, NaN's payload included.
  @Test func floatsAreExact() throws {
    var random = SplitMix(seed: 1)
    let singles = (0..<300).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
    let doubles = (0..<300).map { _ in Double(bitPattern: random.next()) }
    let special: [Double] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e22, 123_456_789,
    ]
    for start in stride(from: 0, to: 300, by: 20) {
      try expectExact(Tensor([20], Array(singles[start..<start + 20])))
      try expectExact(Tensor([20], Array(doubles[start..<start + 20])))
    }
    for value in singles.prefix(50) { try expectExact(Tensor(Scalar(value))) }
    try expectExact(Tensor([special.count], special))
    try expectExact(Tensor([special.count], special.map { Float($0) }))
  }

  /// Constants of every element type and size read back with their bits, listed and as bytes.
  @Test(arguments: ElementType.allCases) func constantsAreExact(element: ElementType) throws {
    var random = SplitMix(seed: 2)
    for extents in [[], [1], [3], [2, 1, 3], [33], [7, 11]] {
      try expectExact(
        Tensor(TensorType(extents, element)) { _ in
          let bits = random.next()
          return element.isFloat
            ? Scalar(type: element, bits: bits >> UInt64(64 - element.bitCount))
            : Scalar(wrapping: Int64(bitPattern: bits), as: element)
        })
    }
  }

  private func expectExact(_ tensor: Tensor) throws {
    let value = ConstantValue(tensor)
    var builder = FunctionBuilder(name: "f")
    let result = try builder.apply(ConstantOperation(), [], ["value": .tensor(value)])
    builder.setResults(result)
    let text = GraphPrinter.print(Graph(name: "g", functions: [builder.function]))
    let again = try parse(text)
    #expect(again.functions[0].nodes[0].attributes.tensor("value") == value, "\(text)")
    #expect(GraphPrinter.print(again) == text)
  }

  /// Large constants are left out on request; what is left does not parse, and says why.
  @Test func largeConstantsAreElided() throws {
    let large = ConstantValue(Tensor([40], [Float](repeating: 1, count: 40)))
    var builder = FunctionBuilder(name: "f")
    builder.setResults(try builder.apply(ConstantOperation(), [], ["value": .tensor(large)], names: ["c"]))
    let text = GraphPrinter.print(Graph(name: "g", functions: [builder.function]), .init(elidesConstants: true))
    #expect(text.contains("  %c = constant {value = dense<\"...\">} : tensor<40xf32>\n"))
    #expect(errors(text).first == "4:32: the constant was left out")
  }

  /// A graph that is wrong prints all the same, for those who look for the mistake.
  @Test func undefinedValuesPrint() {
    let function = Function(name: "f", results: [Value(id: ValueID(7), type: type)], resultRoles: [.plain])
    #expect(GraphPrinter.print(function).contains("return %undefined.7"))
  }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (OOPSLA 2014): small, and the same everywhere.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
