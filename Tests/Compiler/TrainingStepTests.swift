import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaScheduling
import FraguaTensors
import FraguaTraining
import TestSupport
import Testing

/// Training steps large enough for the compiler to divide them among threads.
@Suite struct TrainingStepTests {
  private static let net = """
    graph @net version 1

    param @w1: tensor<96x200xf32> = he_normal
    param @b1: tensor<200xf32> = zeros
    param @w2: tensor<200x150xf32> = glorot_uniform
    param @b2: tensor<150xf32> = zeros
    param @w3: tensor<150x10xf32> = glorot_uniform
    param @b3: tensor<10xf32> = zeros

    func @logits(%x: tensor<Bx96xui8>) -> tensor<Bx10xf32> {
      %f = convert %x {to = f32}
      %c = constant {value = dense<255.0> : tensor<f32>}
      %s = divide %f, %c
      %h1 = dense %s, @w1, @b1 {activation = relu}
      %d = dropout %h1 {rate = 0.25}
      %h2 = dense %d, @w2, @b2 {activation = tanh}
      %z = dense %h2, @w3, @b3
      return %z
    }

    func @loss(%x: tensor<Bx96xui8>, %y: tensor<Bxi32>) -> tensor<f32> {
      %z = call @logits(%x)
      %l = softmax_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    train @fit minimize @loss {
      optimizer = OPTIMIZER
    }
    """

  /// Three steps leave the same bits at 1, 2 and 4 threads and on every instruction set with FMA, and the first is what
  /// the kernel interpreter computes; with and without the memory plan.
  @Test(arguments: ["adam()", "sgd(momentum = 0.9, nesterov = true)", "rmsprop(centered = true)"])
  func threadsAndWidthsChangeNoBit(_ optimizer: String) throws {
    try check(parsed(Self.net.replacing("OPTIMIZER", with: optimizer)))
  }

  /// Nor of parameters that are stored in 16 bits.
  @Test func storedParametersChangeNoBit() throws {
    var text = Self.net.replacing("OPTIMIZER", with: "adam()")
    for (name, other, element) in [("w1", "xf32", "bf16"), ("w2", "xf32", "f16")] {
      let declaration = try #require(text.firstRange(of: "param @\(name): tensor<"))
      let end = try #require(text[declaration.upperBound...].firstRange(of: other))
      text.replaceSubrange(end, with: "x\(element)")
      let use = try #require(text[end.lowerBound...].firstRange(of: ", @\(name),"))
      text.replaceSubrange(use, with: ", %\(name),")
      let line = try #require(text[..<use.lowerBound].lastIndex(of: "\n"))
      text.insert(contentsOf: "\n  %\(name) = convert @\(name) {to = f32}", at: line)
    }
    try check(parsed(text))
  }

  private func check(_ graph: Graph) throws {
    let rows = 77
    let data = [
      Tensor([rows, 96], (0..<rows * 96).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }),
      Tensor([rows], (0..<rows).map { Int32($0 * 7 % 10) }),
    ]
    var expected: (losses: [Tensor], parameters: [String: Tensor])?
    for set in GraphComparison.instructionSets {
      for (threads, usesMemoryPlan) in [(1, true), (2, true), (4, true), (4, false)] {
        let options = CompilerOptions(
          bindings: ["B": rows], backend: LLVMBackend(Processor(emulating: set)), threads: threads,
          usesMemoryPlan: usesMemoryPlan,
          vocabulary: .standard)
        let compiled = try Compiler.compile(graph, entry: "fit", options)
        let (program, schedule) = (compiled.executable.program, compiled.executable.schedule)
        #expect(try ProgramRuns.violation(program, schedule, compiled.executable.plan) == nil)
        #expect(compiled.executable.threads == threads, "the step is worth \(threads) threads")
        let initial = try InitialParameters(graph, states: compiled.parameters, seed: 5, vocabulary: .standard)
        let store = ParameterStore(initial.tensors)
        var losses: [Tensor] = []
        for step in 0..<3 {
          losses += try compiled.run(data, store)
          if step > 0 || expected != nil { continue }
          let outcome = try KernelInterpreter(program).run(arguments: data, parameters: initial.tensors)
          #expect(losses[0].hasSameBits(as: outcome.results[0]))
          for (name, tensor) in outcome.parameters { #expect(store[name]!.hasSameBits(as: tensor), "@\(name)") }
        }
        var parameters: [String: Tensor] = [:]
        for name in store.names { parameters[name] = store[name] }
        if let expected {
          for (a, b) in zip(losses, expected.losses) { #expect(a.hasSameBits(as: b), "\(set), \(threads) threads") }
          for (name, tensor) in expected.parameters {
            #expect(parameters[name]!.hasSameBits(as: tensor), "@\(name), \(set), \(threads) threads")
          }
        } else {
          expected = (losses, parameters)
        }
      }
    }
  }
}
