import FraguaGraph
import FraguaSource
import FraguaTensors

/// The random numbers that a parameter starts with.
///
/// Element i is word i mod 4 of Philox4x32-10 at counter (i / 4 low, i / 4 high, hash low, hash high) and key (seed
/// low, seed high), where the hash is FNV-1a, 64 bits, of the parameter's name in UTF-8. So a parameter's numbers
/// depend on the seed and its own name only: no other parameter changes them.
enum ParameterDraws {
  /// A tensor of `type`, floats, with `element` of an odd multiple of 2^-32 between -1 and 1 for each element.
  static func tensor(
    _ type: TensorType, seed: UInt64, parameter: String, _ element: (Double) -> Double
  ) -> Tensor {
    let hash = fnv1a(parameter)
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let count = type.elementCount
    let elements = [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      for first in stride(from: 0, to: count, by: 4) {
        let block = UInt64(first / 4)
        let words = Philox.words(
          counter: (
            UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
            UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32)
          ), key: key)
        let four = SIMD4(words.0, words.1, words.2, words.3)
        for lane in 0..<min(4, count - first) {
          buffer[first + lane] = element(Double(2 * Int64(four[lane]) + 1 - 4_294_967_296) / 4_294_967_296)
        }
      }
      initialized = count
    }
    return Tensor(type, rounding: elements)
  }

  /// The FNV-1a hash, 64 bits, of `text` in UTF-8.
  private static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

/// The number of inputs and outputs that one element of a parameter connects, as Keras counts them.
struct Fans {
  /// How many inputs an output has.
  let inputs: Double
  /// How many outputs an input has.
  let outputs: Double

  /// Rank 0 has 1 and 1, rank 1 its extent twice, rank 2 its extents; above, the last two extents times the product of
  /// the others.
  init(_ extents: [Int]) {
    let field = extents.dropLast(2).reduce(1) { $0 * Double($1) }
    switch extents.count {
    case 0: (inputs, outputs) = (1, 1)
    case 1: (inputs, outputs) = (Double(extents[0]), Double(extents[0]))
    default:
      inputs = Double(extents[extents.count - 2]) * field
      outputs = Double(extents[extents.count - 1]) * field
    }
  }
}

extension Initializer {
  /// Checks that `type` is a type of floats, which random initializers need.
  func requireFloats(_ type: TensorType) throws(Diagnostic) {
    if type.element.isFloat { return }
    let floats = list(ElementType.allCases.filter(\.isFloat))
    throw Diagnostic("'\(name)' makes \(floats) elements, but the parameter is \(type)")
  }
}
