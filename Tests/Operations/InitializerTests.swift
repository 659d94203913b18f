import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// Keras' definitions, and what decides the numbers.
@Suite struct InitializerTests {
  private func make(
    _ name: String, _ type: TensorType, _ attributes: Attributes = [:], seed: UInt64 = 1, parameter: String = "w"
  ) throws -> Tensor {
    let initializer = try #require(InitializerTable.standard[name])
    let checked = try initializer.checked(attributes, type)
    return initializer.make(type, checked, seed: seed, parameter: parameter)
  }

  /// The mean and standard deviation of a tensor's elements.
  private func moments(_ tensor: Tensor) -> (mean: Double, deviation: Double) {
    let numbers = tensor.doubles
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    return (mean, (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)).squareRoot())
  }

  @Test func constantsAreConstant() throws {
    #expect(try make("zeros", TensorType([2], .i1)) == Tensor([2], [false, false]))
    #expect(try make("constant", TensorType([2], .f32), ["value": .integer(3)]) == Tensor([2], [3, 3] as [Float]))
    #expect(try make("constant", TensorType([Int](), .i64), ["value": .float(-7)]) == Tensor([], [-7] as [Int64]))
  }

  @Test func seedAndNameDecide() throws {
    let type = TensorType([3, 5], .f32)
    let w = try make("normal", type)
    #expect(try make("normal", type) == w)
    #expect(try make("normal", type, seed: 2) != w)
    #expect(try make("normal", type, parameter: "w2") != w)
    // More elements do not change the first ones, and f64 has the same numbers.
    #expect(try make("normal", TensorType([4, 5], .f32)).doubles.prefix(15).elementsEqual(w.doubles))
    #expect(try relativeError(make("normal", TensorType([3, 5], .f64)), w) < 1e-7)
  }

  @Test func numbersAreTheDocumentedWords() throws {
    // FNV-1a, 64 bits, of "a", from its authors' vectors.
    let hash: UInt64 = 0xAF63_DC4C_8601_EC8C
    let words = Philox.words(
      counter: (1, 0, UInt32(truncatingIfNeeded: hash), UInt32(hash >> 32)), key: (5, 1))
    let u = try make(
      "uniform", TensorType([6], .f64), ["low": .float(0), "high": .float(1)], seed: 1 << 32 + 5, parameter: "a")
    let expected = (Double(words.1) + 0.5) / 4_294_967_296
    #expect(u.doubles[5] == expected)
  }

  @Test func normalAndUniformHaveTheirMoments() throws {
    let normal = moments(try make("normal", TensorType([200, 200], .f32)))
    #expect(abs(normal.mean) < 0.00125)
    #expect(abs(normal.deviation - 0.05) < 0.001)
    let uniform = try make("uniform", TensorType([200, 200], .f32))
    #expect(uniform.doubles.allSatisfy { abs($0) <= 0.0500001 })
    #expect(abs(moments(uniform).deviation - 0.028868) < 0.001)
  }

  /// Fans of ranks 0, 1, 2 and above, seen in the limit: the largest of many numbers comes near it.
  @Test(arguments: [([Int](), 1.0, 1.0), ([500], 500, 500), ([300, 100], 300, 100), ([3, 3, 16, 32], 144, 288)])
  func glorotLimit(_ extents: [Int], _ inputs: Double, _ outputs: Double) throws {
    let limit = (6 / (inputs + outputs)).squareRoot()
    let largest = try make("glorot_uniform", TensorType(extents, .f64)).doubles.map { abs($0) }.max() ?? 0
    #expect(largest <= limit)
    if !extents.isEmpty { #expect(largest > 0.98 * limit) }
  }

  @Test func heNormalIsTruncated() throws {
    let w = try make("he_normal", TensorType([200, 300], .f64))
    let (mean, deviation) = moments(w)
    #expect(abs(mean) < 0.002)
    #expect(abs(deviation - 0.1) < 0.001)
    let limit = 0.2 / 0.87962566103423978
    let largest = w.doubles.map { abs($0) }.max() ?? 0
    #expect(largest <= limit)
    #expect(largest > 0.99 * limit)
  }

  @Test func misuseIsRefused() throws {
    func message(_ name: String, _ type: TensorType, _ attributes: Attributes = [:]) -> String? {
      #expect(throws: Diagnostic.self) { try make(name, type, attributes) }?.message
    }
    #expect(
      message("normal", TensorType([2], .i32)) == "'normal' makes f32, f64, f16, bf16 elements, but the parameter is tensor<2xi32>"
    )
    #expect(
      message("normal", TensorType([2], .f32), ["stddev": .float(-1)])
        == "the attribute 'stddev' of 'normal' is -1.0, but must be at least 0")
    #expect(
      message("uniform", TensorType([2], .f32), ["low": .float(1)])
        == "the attribute 'low' of 'uniform' is 1.0, above 'high', which is 0.05")
    #expect(
      message("uniform", TensorType([2], .f32), ["low": .float(.nan)])
        == "the attribute 'low' of 'uniform' is nan, but must be finite")
    #expect(
      message("constant", TensorType([2], .ui8), ["value": .float(0.5)])
        == "the attribute 'value' of 'constant' does not fit: '0.5' is not a whole number, as ui8 needs")
    #expect(
      message("he_normal", TensorType([2], .i1))
        == "'he_normal' makes f32, f64, f16, bf16 elements, but the parameter is tensor<2xi1>")
    #expect(
      message("glorot_uniform", TensorType([2], .i64))
        == "'glorot_uniform' makes f32, f64, f16, bf16 elements, but the parameter is tensor<2xi64>")
  }
}
