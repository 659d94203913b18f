import FraguaCompiler
import FraguaGraph
import FraguaOperations
import FraguaTensors
import Testing

/// Functions whose regions, joined one after the other, could come to wait for each other: an early region takes a late
/// node that needs another region, which a third one then wants to absorb.
@Suite struct FusionCycleTests {
  /// Steps and gradients in which scalars that many updates share meet the rows of a second loss.
  private static let texts: [(entry: String, text: String)] = [
    (
      "fit",
      """
      graph @two_losses version 1
      param @p: tensor<1x1xf32> = dense<[[0.5]]>
      param @q: tensor<2xf32> = dense<[0.25, -1.0]>
      func @loss() {
        %inverse = negate @p
        %one = softmax_cross_entropy @p, %inverse
        %mean = reduce_mean %one
        %label = constant {value = dense<1> : tensor<i64>}
        %other = softmax_cross_entropy @q, %label
        %sum = add %mean, %other
        return %sum
      }
      train @fit minimize @loss { optimizer = adam() }
      """
    ),
    (
      "bend",
      """
      graph @scattered version 1
      param @a: tensor<1x1xf32> = dense<[[0.5]]>
      param @b: tensor<1xf32> = dense<[0.25]>
      func @net(%x: tensor<1xf32>) {
        %nowhere = constant {value = dense<-1> : tensor<i64>}
        %base = constant {value = dense<0.25> : tensor<1x1xf32>}
        %target = scatter_add %base, %nowhere, %x
        %across = transpose %target {permutation = [1, 0]}
        %scaled = multiply %target, %x
        %layer = dense %across, @a, @b
        %product = dot_general %layer, %scaled {lhs_contracting = [0], rhs_contracting = [1]}
        return %scaled, %layer, %product
      }
      func @loss(%x: tensor<1xf32>) {
        %scaled, %layer, %product = call @net(%x)
        %n = negate %scaled
        %m = reduce_mean %n
        %twice = add %m, %m
        %o = negate %product
        %p = reduce_mean %o
        %l = add %twice, %p
        return %l
      }
      gradient @slope of @loss wrt @a, @b, %x
      func @penalty(%x: tensor<1xf32>) {
        %da, %db, %dx = call @slope(%x)
        %n = negate %dx
        %s = reduce_sum %n
        %twice = add %s, %s
        %square = multiply %twice, %twice
        return %square
      }
      gradient @bend of @penalty wrt @b, %x
      """
    ),
  ]

  @Test(arguments: texts.map(\.entry))
  func compilesToWhatTheOracleSays(_ entry: String) throws {
    let graph = try parsed(Self.texts.first { $0.entry == entry }!.text)
    var parameters: [String: Tensor] = [:]
    let passed = try Compiler.transform(graph, entry: entry, after: "dead-code", CompilerOptions(vocabulary: .standard))
    for parameter in passed.graph.parameters {
      let values = (0..<parameter.type.elementCount).map { 0.25 + Double($0) }
      parameters[parameter.name] = Tensor(parameter.type, rounding: values)
    }
    let function = try #require(passed.graph.function(named: entry))
    let arguments = function.arguments.map { Tensor($0.type, rounding: [0.75]) }
    let comparison = try GraphComparison(graph, entry: entry, arguments, parameters, seed: 0)
    var counts = StochasticOracle.Counts()
    for set in GraphComparison.instructionSets { _ = try comparison.checkPlanned(set, &counts) }
  }
}
