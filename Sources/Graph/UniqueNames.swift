/// Names that are taken, and free ones like them: `h`, then `h_1`, `h_2` and so on.
///
/// What follows a name is remembered, so that n equal names take n steps and not n².
package struct UniqueNames {
  private var taken: Set<String>
  /// For each name that was asked for again, the next number to try.
  private var suffixes: [String: Int] = [:]

  package init(taken: Set<String> = []) { self.taken = taken }

  /// `name`, or where it is taken a free one like it; taken from then on.
  package mutating func take(_ name: String) -> String {
    taken.insert(name).inserted ? name : takeFree(like: name)
  }

  /// `name` with the first free number behind it; taken from then on.
  package mutating func takeFree(like name: String) -> String {
    var suffix = suffixes[name] ?? 1
    while !taken.insert("\(name)_\(suffix)").inserted { suffix += 1 }
    suffixes[name] = suffix + 1
    return "\(name)_\(suffix)"
  }
}
