import FraguaGraph
import FraguaSource
import FraguaTensors

/// Constants.
extension Resolver {
  /// The constant that `dense` writes, or `nil` after reporting what is wrong.
  /// - Parameter type: its type where it does not write its own.
  func constant(_ dense: DenseSyntax, _ type: TensorType?) -> ConstantValue? {
    if let written = dense.type, written.type == nil { return nil }
    guard let type = dense.type?.type ?? type else {
      sink.report(
        "the constant has no type", at: dense.offset, notes: [.init("write it behind, as in dense<1.0> : tensor<f32>")])
      return nil
    }
    switch dense.content {
    case .splat(let element): return scalar(element, type.element).map { ConstantValue(type, splat: $0) }
    case .elements(let elements, let extents):
      guard requireFixed(type, dense) else { return nil }
      guard extents == type.extents else {
        sink.report("the constant has the extents \(extents), but its type is \(type)", at: dense.offset)
        return nil
      }
      var scalars: [Scalar] = []
      for element in elements {
        guard let scalar = scalar(element, type.element) else { return nil }
        scalars.append(scalar)
      }
      return ConstantValue(Tensor(type) { scalars[$0] })
    case .bytes(let digits):
      guard requireFixed(type, dense), let bytes = decode(digits, type, dense.offset) else { return nil }
      return bytes.withUnsafeBytes { ConstantValue(Tensor(type, bytes: $0)) }
    }
  }

  private func requireFixed(_ type: TensorType, _ dense: DenseSyntax) -> Bool {
    if type.isFixed { return true }
    sink.report(
      "the constant's type \(type) has symbols, so it must be one element repeated", at: dense.offset,
      notes: [.init("as in dense<0.0>")])
    return false
  }

  /// The bytes that the digits write, as many as `type` has.
  private func decode(_ digits: Range<Int>, _ type: TensorType, _ offset: Int) -> [UInt8]? {
    guard digits.count == 2 * type.byteCount else {
      sink.report(
        "the constant has \(digits.count) hexadecimal digits, but \(type) has \(type.byteCount) bytes, which take \(2 * type.byteCount)",
        at: offset)
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(type.byteCount)
    for i in stride(from: digits.lowerBound, to: digits.upperBound, by: 2) {
      guard let high = hexDigit(sink.file.bytes[i]), let low = hexDigit(sink.file.bytes[i + 1]) else {
        sink.report("the constant has a character that is no hexadecimal digit", at: i)
        return nil
      }
      let byte = high << 4 | low
      if type.element == .i1, byte > 1 {
        sink.report("an i1 element is the byte 00 or 01", at: i)
        return nil
      }
      bytes.append(byte)
    }
    return bytes
  }

  /// The element that `syntax` writes, or `nil` after reporting why it is none.
  private func scalar(_ syntax: ElementSyntax, _ type: ElementType) -> Scalar? {
    let text = String(decoding: sink.file.bytes[syntax.start..<syntax.end], as: UTF8.self)
    do throws(Diagnostic) { return try Scalar(parsing: text, as: type) } catch {
      sink.report(located(error, syntax.start))
      return nil
    }
  }
}

/// The value of a hexadecimal digit.
private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
