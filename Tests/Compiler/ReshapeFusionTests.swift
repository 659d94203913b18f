import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import TestSupport
import Testing

/// Reshapes are no boundary of fusion: what stands on both sides of one is a kernel where that can be.
@Suite struct ReshapeFusionTests {
  /// A function, and the kernels that it becomes.
  struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    let body: String
    let forms: [Kernel.Form]

    var testDescription: String { name }
  }

  private static let examples = [
    Example(
      name: "into heads and back",
      body: """
        func @f(%p: tensor<3x4x5x5xf32>, %v: tensor<3x5x64xf32>) {
          %v4 = reshape %v {to = tensor<3x5x4x16xf32>}
          %vt = transpose %v4 {permutation = [0, 2, 1, 3]}
          %c = dot_general %p, %vt {lhs_batch = [0, 1], rhs_batch = [0, 1], lhs_contracting = [3], rhs_contracting = [2]}
          %t = transpose %c {permutation = [0, 2, 1, 3]}
          %y = reshape %t {to = tensor<3x5x64xf32>}
          return %y
        }
        """, forms: [.contract]),
    Example(
      name: "a grouped product with bias and relu",
      body: """
        func @f(%x: tensor<5x24xf32>, %w: tensor<3x8x16xf32>, %b: tensor<48xf32>) {
          %g = reshape %x {to = tensor<5x3x8xf32>}
          %z = dot_general %g, %w {lhs_batch = [1], rhs_batch = [0], lhs_contracting = [2], rhs_contracting = [1]}
          %t = transpose %z {permutation = [1, 0, 2]}
          %r = reshape %t {to = tensor<5x48xf32>}
          %s = add %r, %b
          %y = relu %s
          return %y
        }
        """, forms: [.contract]),
    Example(
      name: "a product whose columns are scaled in groups",
      body: """
        func @f(%x: tensor<5x7xf32>, %w: tensor<7x12xf32>, %s: tensor<4xf32>) {
          %z = matmul %x, %w
          %r = reshape %z {to = tensor<5x3x4xf32>}
          %y = multiply %r, %s
          return %y
        }
        """, forms: [.contract]),
    Example(
      name: "a product of what was reshaped and turned before",
      body: """
        func @f(%x: tensor<6x35xf32>, %w: tensor<7x12xf32>) {
          %e = exp %x
          %r = reshape %e {to = tensor<6x5x7xf32>}
          %t = transpose %r {permutation = [1, 0, 2]}
          %y = dot_general %t, %w {lhs_contracting = [2], rhs_contracting = [0]}
          return %y
        }
        """, forms: [.map, .contract]),
    Example(
      name: "digits that divide nothing",
      body: """
        func @f(%x: tensor<6x4xf32>, %s: tensor<8xf32>, %u: tensor<3xf32>) {
          %t = transpose %x {permutation = [1, 0]}
          %a = reshape %t {to = tensor<3x8xf32>}
          %b = multiply %a, %s
          %c = reshape %b {to = tensor<2x4x3xf32>}
          %d = multiply %c, %u
          %y = exp %d
          return %y
        }
        """, forms: [.map]),
    Example(
      name: "digits of digits go through memory",
      body: """
        func @f(%x: tensor<6x10xf32>) {
          %e = exp %x
          %a = reshape %e {to = tensor<4x15xf32>}
          %t = transpose %a {permutation = [1, 0]}
          %b = reshape %t {to = tensor<6x10xf32>}
          %u = transpose %b {permutation = [1, 0]}
          %c = reshape %u {to = tensor<4x15xf32>}
          %v = transpose %c {permutation = [1, 0]}
          %y = exp %v
          return %y
        }
        """, forms: [.map, .map, .map, .map]),
    Example(
      name: "a reshape of what was padded by rows",
      body: """
        func @f(%x: tensor<40x30xf32>) {
          %p = pad %x {low = [2], high = [1], axes = [0], fill = 0.5}
          %r = reshape %p {to = tensor<1290xf32>}
          %q = pad %r {low = [0], high = [10], fill = -0.5}
          %y = exp %q
          return %y
        }
        """, forms: [.map, .map]),
    Example(
      name: "a pad between two reshapes",
      body: """
        func @f(%x: tensor<3x4xf32>) {
          %t = transpose %x {permutation = [1, 0]}
          %r = reshape %t {to = tensor<12xf32>}
          %p = pad %r {low = [1], high = [1], fill = 0.5}
          %q = reshape %p {to = tensor<2x7xf32>}
          %y = exp %q
          return %y
        }
        """, forms: [.map, .map]),
    Example(
      name: "the gradient of every second element of what was joined",
      body: """
        func @l(%x: tensor<2x6xf32>) {
          %r = reshape %x {to = tensor<12xf32>}
          %s = slice %r {start = [1], limit = [12], stride = [2]}
          %e = exp %s
          %y = reduce_sum %e
          return %y
        }
        gradient @f of @l wrt %x
        """, forms: []),
    Example(
      name: "a reshape that is returned is another name",
      body: """
        func @f(%x: tensor<6x4xf32>) {
          %e = exp %x
          %y = reshape %e {to = tensor<24xf32>}
          return %y
        }
        """, forms: [.map]),
    Example(
      name: "a result in two shapes",
      body: """
        func @f(%x: tensor<6x35xf32>, %w: tensor<35x12xf32>, %b: tensor<12xf32>) {
          %z = matmul %x, %w
          %h = add %z, %b
          %r = reshape %h {to = tensor<2x3x4x3xf32>}
          %y = relu %r
          return %h, %y
        }
        """, forms: [.contract]),
  ]

  @Test(arguments: examples) func becomesFewKernels(_ example: Example) throws {
    let graph = try parsed("graph @g version 1\n\n\(example.body)\n")
    let function = try #require(graph.function(named: "f") ?? graph.function(named: "l"))
    var source = RandomSource(seed: 5)
    let arguments = function.arguments.map { argument in
      let numbers = (0..<argument.type.elementCount).map { _ in Double.random(in: -1...1, using: &source) }
      return Tensor(argument.type, rounding: numbers)
    }
    let comparison = try GraphComparison(graph, entry: "f", arguments, [:], seed: 0)
    try comparison.checkOptimization()
    var counts = StochasticOracle.Counts()
    for set in GraphComparison.instructionSets {
      let runs = try comparison.checkPlanned(set, &counts)
      try comparison.checkDump(set, runs)
      try comparison.checkCompiled(set, runs)
      try comparison.checkRandomSchedule(set, runs)
      let options = CompilerOptions(mode: .inference, backend: LLVMBackend(Processor(set)), vocabulary: .standard)
      let program = try Compiler.plan(graph, entry: "f", options).program
      let forms = program.calls.map { program.kernel(of: $0).form }
      #expect(forms == example.forms || example.forms.isEmpty, "\(set)")
    }
  }

  /// Axes of which accesses took digits are split, so that nothing is gathered.
  @Test func digitsThatDivideAreAxes() throws {
    let graph = try parsed("graph @g version 1\n\n\(Self.examples[2].body)\n")
    let options = CompilerOptions(mode: .inference, backend: LLVMBackend(Processor(.avx2)), vocabulary: .standard)
    let program = try Compiler.plan(graph, entry: "f", options).program
    #expect(program.kernels.map(\.axes) == [[5, 3, 4, 7]])
  }

  /// Rows that a reshape moves are rows for no number of them, also where the number makes the reshape nothing.
  @Test func theFormDoesNotDependOnTheBatch() throws {
    let graph = try parsed(
      """
      graph @g version 1

      func @f(%x: tensor<Bx3xf32>) {
        %i = iota {type = tensor<Bx3xf32>, axis = 0}
        %r = reshape %i {to = tensor<3xBxf32>}
        %t = transpose %r {permutation = [1, 0]}
        %a = add %x, %t
        %y = dot_general %a, %x {lhs_contracting = [0], rhs_contracting = [0]}
        return %y
      }
      """)
    for batch in [1, 2, 3, 4] {
      let options = CompilerOptions(
        bindings: ["B": batch], mode: .inference, backend: LLVMBackend(Processor(.avx2)), vocabulary: .standard)
      let program = try Compiler.plan(graph, entry: "f", options).program
      #expect(program.kernels.allSatisfy { $0.form != .lanes }, "B=\(batch)")
    }
  }
}
