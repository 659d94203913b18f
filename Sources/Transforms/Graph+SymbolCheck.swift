import FraguaGraph
import FraguaSource

extension Graph {
  /// Checks that every symbol of `bindings` occurs in a function, or was bound when the dump was made.
  ///
  /// `specialize` says it for the functions that an entry needs; this is for a graph that does not go through it.
  public func checkSymbols(_ bindings: [String: Int]) throws(Diagnostic) {
    if bindings.isEmpty { return }
    let known = Set(functions.flatMap(\.symbols)).union(self.bindings.keys)
    if let unknown = bindings.keys.sorted().first(where: { !known.contains($0) }) {
      throw unknownSymbol(unknown, in: "'@\(name)'", known: known)
    }
  }
}

/// The error that `place` has no symbol `name` to bind, with the nearest of those that are `known`.
package func unknownSymbol(_ name: String, in place: String, known: Set<String>) -> Diagnostic {
  let error = Diagnostic("there is no symbol '\(name)' to bind in \(place)")
  if known.isEmpty { return error.noting("all extents are numbers already") }
  if let near = nearestName(to: name, among: known) { return error.noting("did you mean '\(near)'?") }
  return error.noting("the symbols are \(known.sorted().map { "'\($0)'" }.joined(separator: ", "))")
}
