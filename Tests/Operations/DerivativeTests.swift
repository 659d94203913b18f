import FraguaGraph
import FraguaOperations
import FraguaTensors
import TestSupport
import Testing

/// What is decided about derivatives at kinks, and what derivatives may cost.
@Suite struct DerivativeTests {
  private let scalar = TensorType([Int](), .f64)

  /// The derivative of the sum of `body` of one argument, at `x`.
  private func derivative(at x: [Double], _ body: (inout FunctionBuilder, Value) -> Value) -> [Double] {
    var builder = FunctionBuilder(name: "f")
    let argument = builder.argument("x", TensorType([x.count], .f64))
    let result = body(&builder, argument)
    builder.setResults([builder.reduceSum(result, axes: Array(0..<result.type.rank))])
    return run(gradient(of: builder.function), [Tensor([x.count], x)])[0].doubles
  }

  @Test func kinksHaveDerivativeZero() {
    #expect(derivative(at: [-1, 0, 1]) { $0.relu($1) } == [0, 0, 1])
    #expect(derivative(at: [-1, 0, 1]) { $0.abs($1) } == [-1, 0, 1])
    #expect(derivative(at: [-1, 0, 1]) { $0.sign($1) } == [0, 0, 0])
    #expect(derivative(at: [-1.5, 0, 1]) { $0.floor($1) } == [0, 0, 0])
  }

  @Test func tiesShareTheDerivative() {
    #expect(derivative(at: [-1, 0, 1]) { $0.maximum($1, 0) } == [0, 0.5, 1])
    #expect(derivative(at: [-1, 0, 1]) { $0.minimum($1, $0.zeros($1.type)) } == [1, 0.5, 0])
    #expect(derivative(at: [2, 3, 3, 1]) { $0.reduceMax($1, axes: [0]) } == [0, 0.5, 0.5, 0])
    #expect(derivative(at: [1, 3, 2, 1]) { $0.reduceMin($1, axes: [0]) } == [0.5, 0, 0, 0.5])
  }

  @Test func integersAndBooleansStop() {
    #expect(derivative(at: [1.5, 2]) { $0.convert($0.convert($1, to: .i32), to: .f64) } == [0, 0])
    #expect(derivative(at: [1.5, 2]) { $0.convert($0.compare(.gt, $1, 1.75), to: .f64) } == [0, 0])
  }

  @Test func clampedIndicesReceiveTheDerivative() {
    let indices = Tensor([4], [-5, 1, 1, 9] as [Int32])
    #expect(derivative(at: [1, 2, 3]) { $0.gather($1, $0.constant(indices)) } == [1, 2, 1])
    let outside = derivative(at: [1, 2, 3, 4]) {
      $0.scatterAdd($0.zeros(TensorType([3], .f64)), $0.constant(indices), $1)
    }
    #expect(outside == [0, 1, 1, 0])
  }

  /// The gradient of a layer with respect to weights and input is two contractions: nothing is transposed.
  @Test func denseGradientHasNoTransposes() {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument("x", TensorType([.symbol("B"), 5], .f32))
    let weights = builder.argument("w", TensorType([5, 3], .f32))
    let bias = builder.argument("b", TensorType([3], .f32))
    let layer = builder.dense(x, weights, bias, activation: .tanh)
    builder.setResults([builder.reduceSum(layer, axes: [0, 1])])
    let names = gradient(of: builder.function).nodes.map(\.name)
    #expect(names.count { $0 == "dot_general" } == 2)
    #expect(!names.contains("transpose"))
  }

  /// The loss, its gradient and the predicted probabilities share the sweeps over a row.
  @Test(arguments: [TensorType([4], .i32), TensorType([4, 7], .f32)])
  func crossEntropySharesItsTerms(_ labels: TensorType) {
    var builder = FunctionBuilder(name: "f")
    let z = builder.argument("z", TensorType([4, 7], .f32))
    let y = builder.argument("y", labels)
    let loss = builder.reduceMean(builder.softmaxCrossEntropy(z, y))
    builder.setResults([loss])
    let derivative = gradient(of: builder.function)
    var both = FunctionBuilder(continuing: derivative)
    both.setResults([loss, derivative.results[0]])
    let names = shared(decomposed(both.function)).nodes.map(\.name)
    #expect(names.count { $0 == "exp" } == 1)
    #expect(names.count { $0 == "reduce_max" } == 1)
    #expect(names.count { $0 == "log" } == 1)
    #expect(!names.contains("gather"))
  }

  @Test func extremeLogitsAreFinite() throws {
    let logits = Tensor([2, 3], [1000, -1000, 0, -1000, 1000, 1000] as [Float])
    for labels in [Tensor([2], [1, 0] as [Int32]), Tensor([2, 3], [0, 1, 0, 1, 0, 0] as [Float])] {
      var builder = FunctionBuilder(name: "f")
      let z = builder.argument("z", logits.type)
      let y = builder.argument("y", labels.type)
      builder.setResults([builder.reduceSum(builder.softmaxCrossEntropy(z, y), axes: [0])])
      let function = builder.function
      for variant in [function, decomposed(function)] {
        #expect(run(variant, [logits, labels])[0].doubles == [Double(Float(4000.6931472))])
      }
      #expect(run(decomposed(gradient(of: function)), [logits, labels])[0].doubles == [1, -1, 0, -1, 0.5, 0.5])
    }
    var builder = FunctionBuilder(name: "f")
    let z = builder.argument("z", logits.type)
    let y = builder.argument("y", logits.type)
    builder.setResults([builder.reduceSum(builder.sigmoidCrossEntropy(z, y), axes: [0, 1])])
    let labels = Tensor([2, 3], [0, 1, 0, 0, 1, 0] as [Float])
    #expect(run(decomposed(builder.function), [logits, labels])[0].doubles[0].isFinite)
    let derivative = run(decomposed(gradient(of: builder.function)), [logits, labels])
    #expect(derivative[0].doubles == [1, -1, 0.5, 0, 0, 1])
  }

  /// Derivatives are built before symbols are bound; counts of elements wait for the binding.
  @Test func symbolsPassThroughDerivatives() throws {
    var builder = FunctionBuilder(name: "f")
    let batch = Extent.symbol("B")
    let x = builder.argument("x", TensorType([batch, 5], .f32))
    let labels = builder.argument("y", TensorType([batch], .ui8))
    let table = builder.argument("t", TensorType([batch, 3], .f32))
    let hidden = builder.dense(x, builder.argument("w", TensorType([5, 3], .f32)), activation: .relu)
    let rows = builder.gather(table, labels)
    let losses = builder.softmaxCrossEntropy(builder.add(hidden, rows), labels)
    let part = builder.slice(hidden, start: [1], limit: [3], axes: [1])
    let error = builder.meanSquaredError(part, builder.pad(part, low: [0], high: [0]))
    builder.setResults([builder.add(builder.reduceMean(losses), error)])
    let derivative = gradient(of: builder.function)
    #expect(derivative.results.map(\.type) == builder.function.arguments.map(\.type).filter(\.element.isFloat))
  }
}

/// `function` with equal nodes joined and those without use dropped.
private func shared(_ function: Function) -> Function {
  struct Key: Hashable {
    let name: String
    let operands: [Value]
    let attributes: Attributes
  }
  var rewriter = FunctionRewriter(function)
  var known: [Key: [Value]] = [:]
  for node in function.nodes {
    let key = Key(name: node.name, operands: rewriter.mapped(node.operands), attributes: node.attributes)
    if let results = known[key] {
      rewriter.replace(node, with: results)
    } else {
      rewriter.copy(node)
      known[key] = rewriter.mapped(node.results)
    }
  }
  var result = rewriter.finish()
  var live = Set(result.results.map(\.id))
  result.nodes = result.nodes.reversed().filter { node in
    guard node.results.contains(where: { live.contains($0.id) }) else { return false }
    live.formUnion(node.operands.map(\.id))
    return true
  }.reversed()
  return result
}
