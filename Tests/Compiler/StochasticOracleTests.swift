import FraguaGraph
import FraguaOperations
import FraguaTensors
import Testing

/// The oracle of the random graphs refuses what is wrong by little.
@Suite struct StochasticOracleTests {
  /// Whether the oracle of `body`, applied to one argument, accepts its own result with each element moved by `units`
  /// in the last place.
  private func accepts(
    _ units: Int, _ element: ElementType = .f32, _ body: (inout FunctionBuilder, Value) -> Value
  ) -> Bool {
    let x = Tensor(TensorType([4, 8], element), rounding: (0..<32).map { 0.37 + Double($0) / 19 })
    var builder = FunctionBuilder(name: "f")
    let result = body(&builder, builder.argument("x", x.type))
    builder.setResults([result])
    let oracle = StochasticOracle(function: builder.function, arguments: [x], parameters: [:])
    let exact = GraphInterpreter(Graph(name: "g", functions: [builder.function])).run(
      "f", arguments: [x], parameters: [:]
    ).results[0]
    let moved = Tensor(exact.type) { i in
      let scalar = exact[i]
      return exact.element.isFloat ? Scalar(type: scalar.type, bits: scalar.bits &+ UInt64(units)) : scalar
    }
    var counts = StochasticOracle.Counts()
    return oracle.difference(from: [moved], seed: 3, &counts) == nil
  }

  /// Arithmetic rounds once: not even one unit is allowed.
  @Test(arguments: [ElementType.f32, .f64]) func arithmeticIsExact(_ element: ElementType) {
    #expect(accepts(0, element) { $0.divide($0.multiply($1, 3), 7) })
    #expect(!accepts(1, element) { $0.divide($0.multiply($1, 3), 7) })
    #expect(!accepts(1, element) { $0.reduceMax($1, axes: [1]) })
  }

  /// The largest of many equal elements that lie at a step is on either side of it, as all are.
  @Test func equalElementsAreRoundedAlike() throws {
    let graph = try parsed(
      """
      graph @g version 1
      func @f(%x: tensor<8x5xf32>, %y: tensor<5x4xf32>) {
        %p = dot_general %x, %y {lhs_contracting = [1], rhs_contracting = [0]}
        %l = reduce_max %p {axes = [0, 1]}
        %n = convert %l {to = i32}
        return %n
      }
      """)
    let root = Float(2).squareRoot()
    let arguments = [
      Tensor([8, 5], [Float](repeating: root, count: 40)), Tensor([5, 4], [Float](repeating: root, count: 20)),
    ]
    let oracle = StochasticOracle(function: graph.functions[0], arguments: arguments, parameters: [:])
    var counts = StochasticOracle.Counts()
    for (number, isPossible) in [(9, true), (10, true), (7, false), (12, false)] as [(Int32, Bool)] {
      let message = oracle.difference(from: [Tensor([], [number])], seed: 3, &counts)
      #expect((message == nil) == isPossible, "\(number): \(message ?? "accepted")")
    }
  }

  /// Functions and sums have their bounds.
  @Test(arguments: [ElementType.f32, .f64]) func boundsAreTight(_ element: ElementType) {
    #expect(accepts(2, element) { $0.tanh($1) })
    #expect(!accepts(40, element) { $0.tanh($1) })
    #expect(accepts(1, element) { $0.reduceSum($1, axes: [1]) })
    #expect(!accepts(40, element) { $0.reduceSum($1, axes: [1]) })
    // What follows magnifies the bound no more than it must.
    #expect(!accepts(40, element) { $0.multiply($0.tanh($1), 3) })
  }
}
