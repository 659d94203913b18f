import Fragua
import Testing

/// What does not fit in the memory is refused with its size, before anything is allocated.
@Suite struct MemoryLimitTests {
  /// Three layers of 512 units.
  private static let text = """
    graph @wide version 1

    param @w1: tensor<8x512xf32> = he_normal
    param @w2: tensor<512x512xf32> = he_normal
    param @w3: tensor<512x512xf32> = he_normal
    param @w4: tensor<512x1xf32> = he_normal

    func @predict(%x: tensor<Bx8xf32>) -> tensor<Bx1xf32> {
      %h1 = dense %x, @w1 {activation = relu}
      %h2 = dense %h1, @w2 {activation = relu}
      %h3 = dense %h2, @w3 {activation = relu}
      %y = matmul %h3, @w4
      return %y
    }

    """
  private static let parameterBytes = 4 * (8 * 512 + 2 * 512 * 512 + 512)
  private static let layerBytes = 4 * 64 * 512

  /// The errors of compiling for 64 rows with so much memory.
  private func errors(_ limitBytes: Int) throws -> [Diagnostic] {
    let graph = try Graph(parsing: SourceFile(path: "wide.graph", text: Self.text))
    return diagnostics {
      try Compiler.compile(
        graph, entry: "predict",
        CompilerOptions(bindings: ["B": 64], vocabulary: .standard, memoryLimitBytes: limitBytes))
    }
  }

  @Test func aValueAndTheParameters() throws {
    let errors = try errors(Self.parameterBytes)
    #expect(errors.count == 1)
    #expect(errors.first?.message.hasPrefix("'@predict' needs 2.1 MiB for its arguments, results, parameters") == true)
    #expect(errors.first?.location?.line == 8)
  }

  /// The largest value fits, but not the temporaries that are live together.
  @Test func temporaries() throws {
    let errors = try errors(Self.parameterBytes + Self.layerBytes + 8192)
    #expect(errors.count == 1)
    let message = try #require(errors.first?.message)
    #expect(
      message.contains(
        /^'@predict' needs [0-9.]+ MiB for its arguments, results, parameters and temporaries, more than/))
    #expect(errors.first?.notes.map(\.message) == ["bind a smaller batch, or make the extents smaller"])
  }

  @Test func enough() throws { #expect(try errors(1 << 30) == []) }

  /// The library's limit is the memory that the process may have.
  @Test func theProcessLimitIsTheLimit() {
    #expect(CompilerOptions(vocabulary: .standard).memoryLimitBytes == ProcessLimits.memoryBytes)
    #expect(ProcessLimits.memoryBytes > 1 << 26)
  }
}
