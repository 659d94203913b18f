import FraguaCompiler
import FraguaTensors
import Testing

/// Sums of many terms, which one chain would lose: 1.0 and 0.1 are no longer added to what has grown past 2^24 of them.
@Suite struct LongSumTests {
  /// The terms: so many that a chain's sum of ones stops at half of them.
  private static let count = 1 << 25

  @Test(arguments: [1, 2]) func meansOfManyTerms(_ threads: Int) throws {
    let graph = try parsed(
      """
      graph @long version 1
      func @f(%x: tensor<\(Self.count)xf32>) {
        %sum = reduce_sum %x
        %mean = reduce_mean %x
        return %sum, %mean
      }
      """)
    let options = CompilerOptions(threads: threads, vocabulary: .standard)
    let compiled = try Compiler.compile(graph, entry: "f", options)
    // A lane adds 256 terms to each other, which for equal ones all round to the same side.
    for (term, tolerance) in [(Float(1), 0.0), (0.1, 3e-6)] {
      let results = try compiled.run([Tensor([Self.count], Array(repeating: term, count: Self.count))])
      let (sum, mean) = (results[0][0].asDouble, results[1][0].asDouble)
      #expect(abs(mean / Double(term) - 1) <= tolerance, "the mean of \(term) is \(mean)")
      #expect(abs(sum / Double(term) / Double(Self.count) - 1) <= tolerance, "the sum of \(term) is \(sum)")
    }
  }
}
