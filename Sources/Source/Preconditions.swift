/// What stops where an invariant of ours is broken, under the names of the standard library, which these hide in every
/// file that imports this module.
///
/// The standard library's drop their message in release builds; whoever meets a defect could then only report that
/// there was one. These print it with its place before they trap.

/// Stops unless `condition` holds.
@inlinable package func precondition(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { preconditionFailure(message(), file: file, line: line) }
}

/// Stops.
@inlinable package func preconditionFailure(
  _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
  fatalError(message(), file: file, line: line)
}
