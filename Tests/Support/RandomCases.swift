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
