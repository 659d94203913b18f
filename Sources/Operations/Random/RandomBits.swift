import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// What the random operations share: the state they read, and which words they draw.
///
/// Element i of a result is word i mod 4 of Philox4x32-10 at counter (i / 4 low, i / 4 high, stream, step low) and key
/// (seed low, seed high), where (seed, step) is the state `@rng`. Its upper 24 bits are what is used, so that
/// everything is exact in f32 until the function of the distribution.
enum RandomBits {
  /// The type of the state `@rng`: seed and step.
  static let stateType = TensorType([2], .i64)

  /// The schema of the attribute `stream`.
  static let streamSchema = AttributeSchema(
    "stream", .integer, default: .integer(0), range: .between(0, and: Double(UInt32.max)),
    summary: "Which sequence is drawn from; the front end gives each use its own.")

  /// The upper 24 bits of the words of `count` elements.
  static func draw(_ count: Int, state: Tensor, stream: Int) -> [UInt32] {
    let (seed, step) = (UInt64(bitPattern: state.integers[0]), UInt64(bitPattern: state.integers[1]))
    return (0..<count).map { i in
      let block = UInt64(i / 4)
      let words = Philox.words(
        counter: (
          UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), UInt32(stream),
          UInt32(truncatingIfNeeded: step)
        ), key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      return [words.0, words.1, words.2, words.3][i % 4] >> 8
    }
  }

  /// Appends the upper 24 bits of the element at `coordinates`, as an `i64`.
  static func draw(
    _ program: inout ScalarProgram, _ coordinates: [Int], extents: [Int], state: [Int], stream: Int
  ) -> Int {
    var index = program.constant(Scalar(0 as Int64))
    for (coordinate, stride) in zip(coordinates, rowMajorStrides(extents)) {
      let scale = program.constant(Scalar(Int64(stride)))
      let term = stride == 1 ? coordinate : program.multiply(coordinate, scale)
      index = coordinate == coordinates[0] ? term : program.add(index, term)
    }
    let word = program.random(seed: state[0], step: state[1], index: index, stream: UInt32(stream))
    return program.binary(.shiftRight, word, program.constant(Scalar(8 as Int64)))
  }
}

extension Operation {
  /// Checks the state operand `index`.
  func requireRandomState(_ operands: [TensorType], _ index: Int) throws(Diagnostic) {
    guard operands[index] == RandomBits.stateType else {
      throw error("reads the random state, a \(RandomBits.stateType), but operand 'rng' is \(operands[index])")
    }
  }

  /// The type in the attribute `type`, checked to be of floats.
  func randomType(_ attributes: Attributes) throws(Diagnostic) -> TensorType {
    let type = attributes.type("type")
    guard ElementTypes.floats.contains(type.element) else {
      throw error("makes \(list(ElementTypes.floats)) elements, but attribute 'type' is \(type)")
    }
    return try checkedResult(type)
  }
}
