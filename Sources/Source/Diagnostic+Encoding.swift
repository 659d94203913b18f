/// Bytes that are not UTF-8.
extension Diagnostic {
  /// The byte at `offset` of a text does not belong to well-formed UTF-8: at `place`, with what it may be.
  public static func notUTF8(_ bytes: [UInt8], at offset: Int, _ place: SourceLocation?) -> Diagnostic {
    let byte = bytes[offset]
    let error = Diagnostic("the byte 0x\(hexadecimal(byte)) is not UTF-8", at: place)
    let looksLikeText = bytes.prefix(65536).allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    guard looksLikeText else { return error.noting("text must be UTF-8; is this another kind of file?") }
    let meaning = byte >= 0xA0 ? "in Latin-1 it is '\(Unicode.Scalar(byte))'" : "it may be Windows-1252"
    return error.noting("\(meaning): save the file as UTF-8, as by 'iconv -f WINDOWS-1252 -t UTF-8'")
  }
}

/// The position of the first byte that does not belong to well-formed UTF-8, if any (Unicode 15, table 3-7).
public func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
  func isContinuation(_ i: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
    i < bytes.count && range.contains(bytes[i])
  }
  var i = 0
  while i < bytes.count {
    let length: Int
    let second: ClosedRange<UInt8>
    switch bytes[i] {
    case ..<0x80:
      i += 1
      continue
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return i
    }
    guard isContinuation(i + 1, second), (2..<length).allSatisfy({ isContinuation(i + $0) }) else { return i }
    i += length
  }
  return nil
}

/// Two hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return digits.count == 1 ? "0" + digits : digits
}
