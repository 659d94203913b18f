extension String {
  /// The text as it can be shown on a terminal: each control character as one that is seen, so that a file cannot move
  /// the cursor, colour the screen or reverse what is read.
  ///
  /// An escape becomes `␛`, a line feed `␊` and so on (Unicode's Control Pictures), those beyond ASCII and those that
  /// order text from right to left become `�`. Tabs stay unless `keepsTabs` is off, and line feeds where `keepsLines`
  /// is on. As many scalars as before.
  package func visible(keepsTabs: Bool, keepsLines: Bool = false) -> String {
    func isHidden(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isControl && !(keepsTabs && scalar == "\t") && !(keepsLines && scalar == "\n")
    }
    if !unicodeScalars.contains(where: isHidden) { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars { result.append(isHidden(scalar) ? scalar.picture : scalar) }
    return String(result)
  }

  /// Whether it can be a name in either language: letters and digits of ASCII, `_` and `.`, at least one of them.
  package var isIdentifier: Bool {
    !isEmpty
      && utf8.allSatisfy {
        ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: ".")
      }
  }
}

extension Unicode.Scalar {
  /// Whether it is an order to a terminal rather than something to be seen.
  package var isControl: Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F: true
    // Line and paragraph separators; marks, embeddings, overrides and isolates of the direction of text.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// What is shown in place of a control character.
  fileprivate var picture: Unicode.Scalar {
    switch value {
    case 0...0x1F: Unicode.Scalar(0x2400 + value)!
    case 0x7F: "\u{2421}"
    default: "\u{FFFD}"
    }
  }
}
