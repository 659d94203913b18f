import Foundation
import Fragua

/// Random data for every argument of a function: floats from N(0, 1), labels from their classes, other integers below
/// 256.
struct BenchmarkData {
  private let labels: LabelRanges
  private let seed: UInt64

  init(_ labels: LabelRanges, seed: UInt64) {
    self.labels = labels
    self.seed = seed
  }

  /// Writes the arguments of `function` into `frame`.
  func fill(_ frame: Frame, of function: CompiledFunction) {
    for (index, type) in function.argumentTypes.enumerated() {
      tensor(type, argument: index).withBytes { frame.argumentMemory(index).copyMemory(from: $0) }
    }
  }

  /// The tensor for argument `argument`.
  private func tensor(_ type: TensorType, argument: Int) -> Tensor {
    let count = type.elementCount
    var uniform: [Double] = []
    uniform.reserveCapacity(count + 3)
    for block in 0..<UInt32((count + 3) / 4) {
      let words = Philox.words(
        counter: (block, UInt32(argument), 0, 0x6265_6E63),
        key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
      for word in [words.0, words.1, words.2, words.3] { uniform.append((Double(word) + 0.5) / 4_294_967_296) }
    }
    if let classes = labels.classes[argument] {
      return Tensor(type) { Scalar((uniform[$0] * Double(classes)).rounded(.down), as: type.element) }
    }
    if labels.probabilities.contains(argument) {
      return Tensor(type) { Scalar(uniform[$0] < 0.5 ? 0 : 1, as: type.element) }
    }
    switch type.element.kind {
    case .boolean: return Tensor(type) { Scalar(uniform[$0] < 0.5) }
    case .signed, .unsigned:
      let count = Double(min(256, type.element.highest.integer + 1))
      return Tensor(type) { Scalar((uniform[$0] * count).rounded(.down), as: type.element) }
    // Box and Muller: two uniform numbers make a normal one; of each four, the first two and the last two make two.
    case .float:
      return Tensor(type) { i in
        let pair = i & ~1
        let radius = sqrt(-2 * log(uniform[pair]))
        let angle = 2 * Double.pi * uniform[pair + 1]
        return Scalar(radius * (i & 1 == 0 ? cos(angle) : sin(angle)), as: type.element)
      }
    }
  }
}
