import FraguaCompiler
import FraguaTensors
import Testing

/// A dump of after `dead-code` in which nodes are dead after all, since somebody has edited it.
@Suite struct DeadNodesTests {
  @Test func makeNoKernels() throws {
    let graph = try parsed(
      """
      graph @edited version 1 {stage = "dead-code", mode = "inference", bind = "B=3"}
      param @w: tensor<2x2xf32> = zeros
      func @f(%x: tensor<B=3x2xf32>) -> tensor<B=3x2xf32> {
        %nobodys = dot_general %x, @w {lhs_contracting = [1], rhs_contracting = [0]} : tensor<B=3x2xf32>
        %nor_this = exp %nobodys : tensor<B=3x2xf32>
        %y = negate %x : tensor<B=3x2xf32>
        return %y
      }
      """)
    let compiled = try Compiler.compile(graph, entry: "f", CompilerOptions(vocabulary: .standard))
    #expect(compiled.executable.program.kernels.count == 1)
    let results = try compiled.run([Tensor([3, 2], (0..<6).map { Float($0) })])
    #expect(results[0].doubles == [0, -1, -2, -3, -4, -5])
  }
}
