import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaTensors
import TestSupport
import Testing

/// Views that move along the rows of a network of lanes: where an element lies depends on the row by a stride, by a
/// start, or not at all outside of what was padded.
@Suite struct LanesViewTests {
  /// A function of a vector, and its result, by hand, for the vector of 1, 2, 3 ...
  struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    /// The parameter `@n`.
    let n: Tensor
    let rows: Int
    /// What computes `%r`.
    let body: String
    let expected: [Double]

    var testDescription: String { name }
  }

  private static let examples = [
    Example(
      name: "every second element", n: Tensor([6], [Float(100), 200, 300, 400, 500, 600]), rows: 3,
      body: "%v = slice @n {start = [1], limit = [6], stride = [2]}\n  %r = add %x, %v", expected: [201, 402, 603]),
    Example(
      name: "every third position", n: Tensor([], [Float(1)]), rows: 4,
      body: """
        %i = iota {type = tensor<12xf32>}
        %v = slice %i {start = [2], limit = [12], stride = [3]}
        %r = add %x, %v
        """,
      expected: [3, 7, 11, 15]),
    Example(
      name: "padded behind", n: Tensor([2], [Float(100), 200]), rows: 5,
      body: "%v = pad @n {low = [0], high = [3], fill = 0.5}\n  %r = add %x, %v", expected: [101, 202, 3.5, 4.5, 5.5]),
    Example(
      name: "padded before", n: Tensor([2], [Float(100), 200]), rows: 5,
      body: "%v = pad @n {low = [3], high = [0], fill = 0.5}\n  %r = add %x, %v", expected: [1.5, 2.5, 3.5, 104, 205]),
    Example(
      name: "two vectors in one", n: Tensor([8], [Float(1), 2, 3, 4, 10, 20, 30, 40]), rows: 4,
      body: """
        %w = slice @n {start = [0], limit = [4]}
        %b = slice @n {start = [4], limit = [8]}
        %z = multiply %x, %w
        %r = add %z, %b
        """, expected: [11, 24, 39, 56]),
    Example(
      name: "moved by one", n: Tensor([5], [Float(100), 200, 300, 400, 500]), rows: 5,
      body: """
        %l = slice @n {start = [1], limit = [5]}
        %v = pad %l {low = [0], high = [1]}
        %r = add %x, %v
        """, expected: [201, 302, 403, 504, 5]),
    Example(
      name: "the columns of a matrix", n: Tensor([2, 3], [Float(10), 20, 30, 1, 2, 3]), rows: 3,
      body: """
        %t = transpose @n {permutation = [1, 0]}
        %s = reduce_sum %t {axes = [1]}
        %r = add %x, %s
        """, expected: [12, 24, 36]),
  ]

  @Test(arguments: examples) func movingAlongRows(_ example: Example) throws {
    let graph = try parsed(
      """
      graph @view version 1
      param @n: \(example.n.type) = zeros
      func @f(%x: tensor<\(example.rows)xf32>) {
        \(example.body)
        return %r
      }
      """)
    let x = Tensor([example.rows], (1...example.rows).map { Float($0) })
    let comparison = try GraphComparison(graph, entry: "f", [x], ["n": example.n], seed: 0)
    var counts = StochasticOracle.Counts()
    for set in GraphComparison.instructionSets {
      let runs = try comparison.checkPlanned(set, &counts)
      #expect(runs.outcomes[0].results[0].doubles == example.expected, "\(set)")
      #expect(runs.program.kernels.map(\.form) == [.lanes], "\(set)")
      try comparison.checkCompiled(set, runs)
    }
  }
}
