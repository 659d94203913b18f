import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import Testing

/// What fusion makes of multi-layer perceptrons, told by the kernels and not by their names.
@Suite struct FusionFactsTests {
  /// The kernels of `entry` of a graph.
  private func program(_ text: String, _ entry: String, _ set: Target.InstructionSet) throws -> KernelProgram {
    let options = CompilerOptions(bindings: ["B": 48], backend: LLVMBackend(Processor(set)), vocabulary: .standard)
    return try Compiler.plan(try parsed(text), entry: entry, options).program
  }

  private static let sets: [Target.InstructionSet] = [.avx512, .avx2]

  /// `dense`, and a product, a sum and an activation written apart, are the same kernels: forward, and in a training
  /// step.
  @Test(arguments: ["relu", "tanh", "sigmoid"], sets)
  func layersWrittenApartAreDense(_ activation: String, _ set: Target.InstructionSet) throws {
    func text(_ layer: String) -> String {
      """
      graph @layers version 1

      param @w1: tensor<70x90xf32> = zeros
      param @b1: tensor<90xf32> = zeros
      param @w2: tensor<90x20xf32> = zeros
      param @b2: tensor<20xf32> = zeros

      func @predict(%x: tensor<Bx70xf32>) -> tensor<Bx20xf32> {
      \(layer)
        %z = dense %h, @w2, @b2
        return %z
      }

      func @loss(%x: tensor<Bx70xf32>, %y: tensor<Bxi32>) -> tensor<f32> {
        %z = call @predict(%x)
        %l = softmax_cross_entropy %z, %y
        %m = reduce_mean %l
        return %m
      }

      train @fit minimize @loss {
        optimizer = adam()
      }
      """
    }
    let dense = text("  %h = dense %x, @w1, @b1 {activation = \(activation)}")
    let apart = text("  %p = matmul %x, @w1\n  %s = add %p, @b1\n  %h = \(activation) %s")
    for entry in ["predict", "fit"] {
      let (one, other) = (try program(dense, entry, set), try program(apart, entry, set))
      #expect(one.kernels == other.kernels, "'@\(entry)'")
      #expect(one.calls.map(\.kernel) == other.calls.map(\.kernel))
      #expect(one.calls.map(\.buffers) == other.calls.map(\.buffers))
    }
    // One kernel a layer, with its bias and its activation.
    let forward = try program(dense, "predict", set)
    #expect(forward.calls.map { forward.kernel(of: $0).form } == [.contract, .contract])
  }

  /// In the training step of every benchmark that is no single kernel.
  @Test(arguments: ["tiny-deep", "mnist-mlp", "wide-mlp", "tanh-mlp"], sets)
  func updatesRunWhereGradientsAre(_ name: String, _ set: Target.InstructionSet) throws {
    let planned = try BenchmarkGraphs.planned(name, set)
    let program = planned.program
    for parameter in planned.graph.parameters where parameter.isTrainable {
      let writer = try #require(program.calls.first { program.updates($0, parameter.name) }, "@\(parameter.name)")
      guard case .contract(let body) = program.kernel(of: writer).body else {
        Issue.record("'@\(parameter.name)' is updated by the kernel '\(writer.name)', which is no contraction")
        continue
      }
      let sums = [body.rhsSum, body.lhsSum].compactMap { $0 }
      let buffer = program.position(of: parameter.name, in: writer)
      if parameter.type.rank == 2 {
        // The optimizer's update follows the weight gradient in its epilogue.
        #expect(body.epilogue.stores.contains { $0.access.buffer == buffer }, "@\(parameter.name)")
      } else {
        // The bias gradient is a side sum of the weight gradient, and its update follows it there.
        #expect(sums.contains { $0.stores.contains { $0.access.buffer == buffer } }, "@\(parameter.name)")
      }
      // The optimizer's moments of a parameter are updated in the same kernel.
      let slots = planned.graph.parameters.filter { $0.name.hasSuffix(".\(parameter.name)") }
      for slot in slots { #expect(program.updates(writer, slot.name), "@\(slot.name)") }
    }
  }

  /// The cross entropy of a softmax, its mean and its gradient are one kernel, which reads the logits once a sweep and
  /// computes each exponential once.
  @Test(arguments: ["tiny-deep", "mnist-mlp"], sets)
  func crossEntropyIsOneKernel(_ name: String, _ set: Target.InstructionSet) throws {
    let program = try BenchmarkGraphs.planned(name, set).program
    let exponentials = program.calls.filter { program.kernel(of: $0).count(of: .exp) > 0 }
    #expect(exponentials.count == 1)
    let kernel = program.kernel(of: try #require(exponentials.first))
    #expect(kernel.form == .rows)
    #expect(kernel.count(of: .exp) == 1 && kernel.count(of: .log) == 1)
    // It writes the gradient by the logits, one element a position.
    #expect(kernel.buffers.contains { $0.use == .write && $0.count == kernel.axes.reduce(1, *) })
    // Everything else that is no contraction is the mean of the rows' losses, and the counter of steps.
    let others = program.calls.filter { program.kernel(of: $0).form != .contract && program.kernel(of: $0) != kernel }
    #expect(others.allSatisfy { program.kernel(of: $0).axes.reduce(1, *) <= 128 })
  }

  /// The mean of the rows' losses is a kernel that thread 0 runs; without it the step has no fewer barriers.
  @Test(arguments: ["tiny-deep", "mnist-mlp"], sets)
  func theMeanLossCostsNoBarrier(_ name: String, _ set: Target.InstructionSet) throws {
    let planned = try BenchmarkGraphs.planned(name, set)
    var program = planned.program
    let loss = program.buffers.firstIndex { $0.kind == .result(0) }
    let mean = try #require(program.calls.firstIndex { $0.buffers.last == loss })
    let kernel = program.kernel(of: program.calls[mean])
    #expect(kernel.form == .reduce && kernel.axes == [BenchmarkGraphs.batches[name]!])
    #expect(planned.schedule.calls[mean].partition == .single)
    program.calls.remove(at: mean)
    let without = Scheduler(Target(set), threads: 2).schedule(program)
    #expect(planned.schedule.barriers.count > 0)
    #expect(planned.schedule.barriers.count <= without.barriers.count)
  }

  /// Views that a region uses and the function returns, or that a gather reads as its table besides.
  @Test(arguments: GraphComparison.instructionSets) func viewsThatAreStoredToo(_ set: Target.InstructionSet) throws {
    let graph = try parsed(
      """
      graph @views version 1

      func @f(%x: tensor<7x9xf32>, %i: tensor<9xi32>)
          -> (tensor<7x9xf32>, tensor<7x9xf32>, tensor<7x9xf32>, tensor<9x7xf32>) {
        %e = exp %x
        %m = reduce_max %e {axes = [1]}
        %b = broadcast %m {to = tensor<7x9xf32>, axes = [0]}
        %s = subtract %e, %b
        %t = transpose %e {permutation = [1, 0]}
        %g = gather %t, %i
        %u = subtract %g, %t
        return %e, %b, %s, %u
      }
      """)
    let x = Tensor([7, 9], (0..<63).map { Float($0 * 37 % 41) / 16 - 1 })
    let indices = (0..<9).map { Int32($0 * 5 % 9) }
    let results = try compiledResults(graph, "f", [x, Tensor([9], indices)], set).map(\.doubles)
    for row in 0..<7 {
      let e = results[0][row * 9..<row * 9 + 9].map { Float($0) }
      for column in 0..<9 {
        #expect(results[1][row * 9 + column] == Double(e.max()!))
        #expect(results[2][row * 9 + column] == Double(e[column] - e.max()!))
        #expect(results[3][column * 7 + row] == Double(e[Int(indices[column])] - e[column]))
      }
    }
  }

  /// The draws of a dropout are part of the layer's kernel, which stores what was kept in a byte an element; the
  /// backward pass reads that. Drawing anew would cost more.
  @Test(arguments: ["relu", "tanh", "none"], sets)
  func dropoutIsPartOfItsLayer(_ activation: String, _ set: Target.InstructionSet) throws {
    let program = try program(
      """
      graph @dropouts version 1

      param @w1: tensor<70x90xf32> = zeros
      param @b1: tensor<90xf32> = zeros
      param @w2: tensor<90x60xf32> = zeros
      param @b2: tensor<60xf32> = zeros
      param @w3: tensor<60x20xf32> = zeros
      param @b3: tensor<20xf32> = zeros

      func @loss(%x: tensor<Bx70xf32>, %y: tensor<Bxi32>) -> tensor<f32> {
        %h1 = dense %x, @w1, @b1 {activation = \(activation)}
        %d1 = dropout %h1 {rate = 0.25}
        %h2 = dense %d1, @w2, @b2 {activation = \(activation)}
        %d2 = dropout %h2 {rate = 0.5}
        %z = dense %d2, @w3, @b3
        %l = softmax_cross_entropy %z, %y
        %m = reduce_mean %l
        return %m
      }

      train @fit minimize @loss {
        optimizer = adam()
      }
      """, "fit", set)
    let drawing = program.calls.filter { program.kernel(of: $0).draws > 0 }
    #expect(drawing.map { program.kernel(of: $0).form } == [.contract, .contract])
    #expect(drawing.map { program.kernel(of: $0).draws } == [1, 1])
    for call in drawing {
      let masks = program.kernel(of: call).buffers.filter { $0.element == .i1 && $0.use == .write }
      #expect(masks.contains { $0.count == 48 * 90 || $0.count == 48 * 60 })
    }
    // Forward, loss and its mean, the gradients by activations, the updates, the counter of steps with Adam's scalars,
    // the counter of draws.
    #expect(program.calls.count == 3 + 2 + 2 + 3 + 2)
  }

  /// So they are where what is dropped is a sum of each row.
  @Test(arguments: sets) func dropoutOfRowSumsIsPartOfTheSums(_ set: Target.InstructionSet) throws {
    let program = try program(
      """
      graph @rows version 1

      func @f(%x: tensor<Bx70xf32>) -> tensor<Bxf32> {
        %e = exp %x
        %s = reduce_sum %e {axes = [1]}
        %d = dropout %s {rate = 0.25}
        return %d
      }

      func @train(%x: tensor<Bx70xf32>) -> tensor<Bxf32> {role = train} {
        %d = call @f(%x)
        return %d
      }
      """, "train", set)
    #expect(program.calls.map { program.kernel(of: $0).form } == [.reduce])
    #expect(program.kernel(of: program.calls[0]).draws == 1)
  }
}

extension KernelProgram {
  /// The number of the kernel's buffer that `call` binds to parameter `name`; `nil` where it does not.
  func position(of name: String, in call: KernelCall) -> Int? {
    call.buffers.firstIndex { buffers[$0].kind == .parameter(name) }
  }

  /// Whether `call` writes parameter `name`.
  func updates(_ call: KernelCall, _ name: String) -> Bool {
    position(of: name, in: call).map { kernel(of: call).buffers[$0].use != .read } ?? false
  }
}

extension Kernel {
  /// How many instructions draw a random number.
  fileprivate var draws: Int {
    parts.reduce(0) { sum, part in
      sum + part.block.program.instructions.count { if case .random = $0 { true } else { false } }
    }
  }

  /// How many instructions apply `function`.
  fileprivate func count(of function: UnaryOperator) -> Int {
    parts.reduce(0) { sum, part in
      sum
        + part.block.program.instructions.count {
          if case .unary(function, _) = $0 { true } else { false }
        }
    }
  }
}
