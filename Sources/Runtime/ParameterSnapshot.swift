import FraguaSource
import FraguaTensors

/// The values of parameters and states at one time, which nothing changes any more: any number of tasks run functions
/// with it at once.
///
/// A function that updates parameters is refused; it needs a ``ParameterStore``.
public struct ParameterSnapshot: Sendable {
  /// Written before it is shared, read from then on: a program that would write is refused.
  package nonisolated(unsafe) let block: ParameterBlock

  /// A snapshot of `tensors`, which are copied.
  public init(_ tensors: [String: Tensor] = [:]) { block = ParameterBlock(tensors, isReadOnly: true) }

  /// - Requires: nobody else changes `block`.
  init(_ block: ParameterBlock) { self.block = block }

  /// No parameters at all.
  public static let empty = ParameterSnapshot()

  /// The names, sorted.
  public var names: [String] { block.names }

  /// The tensor of that name.
  public subscript(_ name: String) -> Tensor? { block[name] }
}
