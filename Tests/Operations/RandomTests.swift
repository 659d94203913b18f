import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors
import RealModule
import Testing

/// Distributions, and that what is drawn is decided by state, stream and position alone.
@Suite struct RandomTests {
  private let state = Tensor([2], [42, 7] as [Int64])

  /// What `operation` draws.
  private func draw(
    _ operation: any PrimitiveOperation, _ extents: [Int], _ extra: Attributes = [:], state: Tensor? = nil
  ) throws -> Tensor {
    let attributes = extra.merging(["type": .type(TensorType(extents, .f32))]) { $1 }
    let checked = try operation.checked(attributes, [self.state.type])
    return operation.evaluate([state ?? self.state], checked)[0]
  }

  @Test func elementsAreWordsOfPhilox() throws {
    let u = try draw(RandomUniformOperation(), [2, 3], ["stream": .integer(9)])
    let words = Philox.words(counter: (1, 0, 9, 7), key: (42, 0))
    #expect(u.doubles[5] == Double(words.1 >> 8) / 16_777_216)
  }

  @Test func shapeStreamAndStepDecide() throws {
    let uniform = RandomUniformOperation()
    let u = try draw(uniform, [12])
    #expect(try draw(uniform, [3, 4]).doubles == u.doubles)
    #expect(try draw(uniform, [12], ["stream": .integer(1)]) != u)
    #expect(try draw(uniform, [12], state: Tensor([2], [42, 8] as [Int64])) != u)
    #expect(try draw(uniform, [12], state: Tensor([2], [-1, 7] as [Int64])) != u)
  }

  @Test func momentsAreRight() throws {
    // Means of 40 000 numbers are within 5 standard errors.
    let uniform = try draw(RandomUniformOperation(), [40_000], ["low": .float(-1), "high": .float(3)]).doubles
    let (mean, variance) = moments(uniform)
    #expect(abs(mean - 1) < 0.029)
    #expect(abs(variance - 1.3333) < 0.05)
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
    let normal = try draw(RandomNormalOperation(), [40_000], ["mean": .float(2), "stddev": .float(3)]).doubles
    let (center, spread) = moments(normal)
    #expect(abs(center - 2) < 0.075)
    #expect(abs(spread - 9) < 0.4)
  }

  /// `inverseNormal` inverts the distribution function.
  @Test func inverseNormalInvertsErfc() {
    for x in [1e-9, 0.1, 0.5, 0.84, 0.86, 0.95449973610364158, 0.999, 0.999999, 1 - 1.0 / 4_294_967_296] {
      let y = inverseNormal(x)
      let tail = Double.erfc(y / 2.0.squareRoot())
      #expect(abs(tail - (1 - x)) < 1e-13 * (1 - x))
      #expect(inverseNormal(-x) == -y)
    }
    #expect(inverseNormal(0) == 0)
  }

  /// The compiled expression, over all magnitudes of bits, the extremes included.
  @Test func standardNormalIsFiniteAndAccurate() {
    var program = ScalarProgram()
    let bits = program.input(0, .i64)
    let result = program.standardNormal(bits)
    var samples = Array(stride(from: 0, to: 16_777_216, by: 9973)) + [16_777_215]
    for power in 0..<23 {
      let distance = 1 << power
      samples += [distance, 16_777_215 - distance, 8_388_608 + distance, 8_388_607 - distance]
    }
    for sample in samples {
      let actual = ScalarRunner.run(program, result, coordinates: [], inputs: [Scalar(Int64(sample))]).asDouble
      let expected = inverseNormal(Double(2 * sample + 1 - 16_777_216) / 16_777_216)
      let bound = 1.5e-6 * abs(expected)
      #expect(abs(actual - expected) <= bound, "\(sample)")
    }
  }

  @Test func dropoutKeepsTheMean() throws {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument("x", TensorType([4000], .f64))
    let rng = builder.argument("rng", TensorType([2], .i64))
    let attributes: Attributes = ["rate": .float(0.25), "stream": .integer(3)]
    builder.setResults(DropoutOperation().specialize([x, rng], attributes, .train, &builder))
    let ones = Tensor(x.type, rounding: Array(repeating: 1, count: 4000))
    let dropped = run(builder.function, [ones, state])[0].doubles
    #expect(Set(dropped) == [0, 1 / 0.75])
    // Five standard errors.
    #expect(abs(moments(dropped).mean - 1) < 0.046)
    var identity = FunctionBuilder(name: "g")
    let y = identity.argument("x", TensorType([2], .f32))
    #expect(DropoutOperation().specialize([y, rng], attributes, .inference, &identity) == [y])
  }

  /// The derivative of dropout drops the same elements.
  @Test func dropoutDerivativeHasTheSameMask() throws {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument("x", TensorType([40], .f64))
    let rng = builder.argument("rng", TensorType([2], .i64))
    builder.setResults([builder.reduceSum(builder.dropout(x, rate: 0.5, stream: 3, rng: rng), axes: [0])])
    var trained = gradient(of: builder.function)
    trained.results.append(trained.nodes[0].results[0])
    var rewriter = FunctionRewriter(trained)
    for node in trained.nodes {
      guard let modal = node.operation as? any ModalOperation else {
        rewriter.copy(node)
        continue
      }
      let operands = rewriter.mapped(node.operands)
      rewriter.replace(node, with: modal.specialize(operands, node.attributes, .train, &rewriter.builder))
    }
    let ones = Tensor(x.type, rounding: Array(repeating: 1, count: 40))
    let results = run(rewriter.finish(), [ones, state])
    #expect(results[0] == results[1])
    #expect(Set(results[0].doubles) == [0, 2])
  }

  /// The mean and variance of `numbers`.
  private func moments(_ numbers: [Double]) -> (mean: Double, variance: Double) {
    let count = Double(numbers.count)
    let mean = numbers.reduce(0, +) / count
    return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count)
  }
}
