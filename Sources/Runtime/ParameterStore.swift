import FraguaSource
import FraguaTensors

/// The parameters and states of a model in memory, shared by all functions that are run with it, which may update them.
///
/// Belongs to one task at a time; ``snapshot()`` is for many.
public final class ParameterStore {
  package let block: ParameterBlock

  /// A store of `tensors`, which are copied.
  public init(_ tensors: [String: Tensor] = [:]) { block = ParameterBlock(tensors, isReadOnly: false) }

  /// The names, sorted.
  public var names: [String] { block.names }

  /// The tensor of that name; setting one copies it, in place where the type is the same.
  public subscript(_ name: String) -> Tensor? {
    get { block[name] }
    set { block[name] = newValue }
  }

  /// The present values, copied.
  public func snapshot() -> ParameterSnapshot { ParameterSnapshot(block.copy(isReadOnly: true)) }
}

@available(*, unavailable)
extension ParameterStore: Sendable {}
