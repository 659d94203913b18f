/// The most characters that a message quotes of anything, and the most that it has itself.
private let quoteLimit = 120
private let messageLimit = 1000

extension String {
  /// The text with its middle left out where it has more than `limit` scalars: `limit` of them, one of which is `…`.
  /// - Requires: `limit` is at least 1.
  package func shortened(to limit: Int) -> String {
    if utf8.count <= limit { return self }
    return String(decoding: Self.shortened(Array(utf8)[...], to: limit), as: UTF8.self)
  }

  /// The text as a message may hold it: whatever it quotes, and every word of it, is shortened to 120 characters, and
  /// the whole to 1000.
  ///
  /// A quotation stands in `'`: the one that opens it follows no letter or digit, the one that closes it precedes none,
  /// which tells both from an apostrophe. One pass over the bytes.
  var bounded: String {
    if utf8.count <= quoteLimit { return self }
    let quote = UInt8(ascii: "'")
    let bytes = Array(utf8)
    func opens(_ i: Int) -> Bool { bytes[i] == quote && (i == 0 || !bytes[i - 1].isAlphanumeric) }
    func closes(_ i: Int) -> Bool { bytes[i] == quote && (i + 1 == bytes.count || !bytes[i + 1].isAlphanumeric) }
    var result: [UInt8] = []
    var position = 0
    // Once no quotation ends behind one place, none does behind a later one.
    var mayClose = true
    while position < bytes.count {
      var end = position + 1
      if mayClose, opens(position) {
        if let close = (end..<bytes.count).first(where: closes) {
          result.append(quote)
          result += Self.shortened(bytes[end..<close], to: quoteLimit)
          result.append(quote)
          position = close + 1
          continue
        }
        mayClose = false
      }
      if bytes[position] != UInt8(ascii: " ") {
        while end < bytes.count, bytes[end] != UInt8(ascii: " "), !(mayClose && opens(end)) { end += 1 }
      }
      result += Self.shortened(bytes[position..<end], to: quoteLimit)
      position = end
    }
    return String(decoding: Self.shortened(result[...], to: messageLimit), as: UTF8.self)
  }

  /// UTF-8 with its middle left out, in a time that grows with `limit`.
  private static func shortened(_ bytes: ArraySlice<UInt8>, to limit: Int) -> ArraySlice<UInt8> {
    // A scalar takes one to four bytes.
    guard bytes.count > limit else { return bytes }
    if bytes.count <= 4 * limit, bytes.count(where: \.startsScalar) <= limit { return bytes }
    let tail = (limit - 1) / 2
    var head = bytes.startIndex
    for _ in 0..<limit - 1 - tail { repeat { head += 1 } while !bytes[head].startsScalar }
    var rest = bytes.endIndex
    for _ in 0..<tail { repeat { rest -= 1 } while !bytes[rest].startsScalar }
    return bytes[..<head] + Array("…".utf8) + bytes[rest...]
  }
}

extension UInt8 {
  /// Whether it is the first byte of a scalar in UTF-8.
  fileprivate var startsScalar: Bool { self & 0xC0 != 0x80 }

  /// Whether it is a letter or digit; what is beyond ASCII is taken for one.
  fileprivate var isAlphanumeric: Bool {
    self >= 0x80 || (self | 0x20) &- UInt8(ascii: "a") < 26 || self &- UInt8(ascii: "0") < 10
  }
}
