import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// A strided, padded window is an affine access: a contraction over it is a convolution, with no copy of the windows.
@Suite struct WindowTests {
  /// `y[b, i, j, o] = Σ x[b, 2 i + u - 1, 2 j + v - 1, c] w[u, v, c, o]`, 3 x 3 over 2 images of 9 x 7 with 4 channels.
  private static let text = """
    kernels @convolution version 1 {stage = "lower"}

    arguments "x", "w"
    results ""

    buffer %x : tensor<2x9x7x4xf32> = argument 0
    buffer %w : tensor<3x3x4x20xf32> = argument 1
    buffer %y : tensor<2x5x4x20xf32> = result 0

    kernel @k0 contract [; 2, 5, 4; 20; 3, 3, 4] (b0: read f32[504], b1: read f32[720], b2: write f32[800]) {
      lhs {
        %0 = load b0[252*d0 + 56*d1 + 8*d2 + 28*d4 + 4*d5 + d6 - 32] \
    if 0 <= 2*d1 + d4 - 1 < 9, 0 <= 2*d2 + d5 - 1 < 7 else 0.0 : f32
      }
      rhs {
        %0 = load b1[d3 + 240*d4 + 80*d5 + 20*d6] : f32
      }
      epilogue {
        %0 = input 0 : f32
        store %0, b2[400*d0 + 80*d1 + 20*d2 + d3]
      }
    }

    call @k0(%x, %w, %y) {name = "y", origin = ""}
    """

  @Test func aContractionOverWindows() throws {
    let program = try KernelParser.parse(SourceFile(path: "convolution.graph", text: Self.text)).program
    var source = RandomSource(seed: 3)
    let x = (0..<504).map { _ in Float(source.int(-8...8)) }
    let w = (0..<720).map { _ in Float(source.int(-8...8)) }
    let arguments = [Tensor([2, 9, 7, 4], x), Tensor([3, 3, 4, 20], w)]
    let comparison = KernelComparison(program, arguments)
    for set in Target.InstructionSet.allCases where Processor.canEmulate(set) {
      let processor = Processor(emulating: set)
      for threads in [1, 2] {
        let schedule = Scheduler(processor.target, threads: threads).schedule(program)
        #expect(try comparison.difference(schedule, processor, threads: threads, reusesMemory: true) == nil)
      }
    }
    var expected = [Float](repeating: 0, count: 800)
    for (b, i, j, o) in points(2, 5, 4, 20) {
      for (u, v, c, _) in points(3, 3, 4, 1) {
        let (row, column) = (2 * i + u - 1, 2 * j + v - 1)
        guard (0..<9).contains(row), (0..<7).contains(column) else { continue }
        expected[b * 400 + i * 80 + j * 20 + o] +=
          x[b * 252 + row * 28 + column * 4 + c] * w[u * 240 + v * 80 + c * 20 + o]
      }
    }
    let outcome = try KernelInterpreter(program).run(arguments: arguments, parameters: [:])
    #expect(outcome.results[0].doubles == expected.map(Double.init))
  }

  private func points(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> [(Int, Int, Int, Int)] {
    (0..<a * b * c * d).map { ($0 / (b * c * d), $0 / (c * d) % b, $0 / d % c, $0 % d) }
  }
}
