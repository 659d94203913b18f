#if canImport(Glibc)
  import Glibc
#endif

/// The seeds of a test of random cases.
///
/// A test runs a few by default. The variable that the test names makes it run more, `FRAGUA_RANDOM_SEED` begins them
/// elsewhere (a single failing seed is `FRAGUA_RANDOM_SEED=SEED` and a count of 1).
public enum RandomCases {
  /// The seeds: as many as the environment variable `variable` says, `count` where it is not set.
  public static func seeds(_ variable: String, default count: Int) -> Range<UInt64> {
    let first = number("FRAGUA_RANDOM_SEED").map { UInt64($0) } ?? 0
    return first..<first + UInt64(number(variable) ?? count)
  }

  /// The number of an environment variable; `nil` where it is not set.
  /// - Requires: it is a number from 0 where it is set.
  private static func number(_ variable: String) -> Int? {
    guard let text = getenv(variable) else { return nil }
    guard let number = Int(String(cString: text)), number >= 0 else {
      preconditionFailure("\(variable) is '\(String(cString: text))', expected a number from 0")
    }
    return number
  }
}

extension RandomCases {
  /// Writes the case at hand to the file that the variable `FRAGUA_LAST_CASE` names, if it is set: what is left there
  /// after a trap or a hang is the input that did it.
  public static func note(seed: UInt64, _ bytes: [UInt8] = []) {
    guard let path = getenv("FRAGUA_LAST_CASE"), let file = fopen(path, "w") else { return }
    defer { fclose(file) }
    let head = Array("seed \(seed)\n".utf8)
    fwrite(head, 1, head.count, file)
    fwrite(bytes, 1, bytes.count, file)
  }
}
