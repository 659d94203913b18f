import FraguaGraph
import FraguaKernels
import FraguaTensors
import TestSupport
import Testing

/// Conditions of several pads on the same coordinates, with reshapes between.
@Suite struct PaddedReshapeTests {
  /// A graph and how many kernels it becomes.
  @Test(arguments: [
    """
      %p = pad %x {low = [0], high = [1], axes = [0]} : tensor<18xf32>
      %r = reshape %p {to = tensor<3x6xf32>}
      %y = pad %r {low = [2], high = [2], axes = [0]} : tensor<7x6xf32>
    """,
    """
      %p = pad %x {low = [1], high = [0], axes = [0], fill = -1.0} : tensor<18xf32>
      %r = reshape %p {to = tensor<6x3xf32>}
      %q = pad %r {low = [1, 1], high = [0, 1], fill = 2.0} : tensor<7x5xf32>
      %s = reshape %q {to = tensor<5x7xf32>}
      %y = pad %s {low = [1, 0], high = [1, 3], fill = 3.0} : tensor<7x10xf32>
    """,
  ])
  func arePlacedAsLoopsPlaceThem(_ statements: String) throws {
    let graph = try parsed("graph @g version 1\nfunc @f(%x: tensor<17xf32>) {\n\(statements)\n  return %y\n}\n")
    let x = Tensor([17], (0..<17).map { Float($0) + 0.5 })
    let expected = GraphInterpreter(graph).run("f", arguments: [x], parameters: [:]).results
    for set in GraphComparison.instructionSets {
      #expect(try compiledResults(graph, "f", [x], parameters: [:], set) == expected, "\(set)")
    }
  }
}
