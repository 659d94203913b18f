extension String {
  /// The text as it can be shown on a terminal: each control character as one that is seen, so that a file cannot move
  /// the cursor, colour the screen or reverse what is read.
  ///
  /// An escape becomes `␛`, a line feed `␊` and so on (Unicode's Control Pictures), those beyond ASCII and those that
  /// order text from right to left become `�`. Tabs stay unless `keepsTabs` is off. As many scalars as before.
  func visible(keepsTabs: Bool) -> String {
    if !unicodeScalars.contains(where: \.isControl) { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      result.append(scalar.isControl && !(keepsTabs && scalar == "\t") ? scalar.picture : scalar)
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether it is an order to a terminal rather than something to be seen.
  fileprivate var isControl: Bool {
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
