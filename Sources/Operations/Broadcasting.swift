import FraguaGraph
import FraguaSource

/// Brings `operands` to a common shape with explicit `broadcast` nodes, where the operation's rule asks for it: NumPy's
/// rule.
///
/// The front end does it before ``FunctionBuilder/apply(_:_:_:names:)``; so do Swift programs.
/// - Throws: the first axis along which the operands differ, at the builder's origin.
public func broadcastOperands(
  _ operation: any Operation, _ operands: [Value], _ builder: inout FunctionBuilder
) throws(Diagnostic) -> [Value] {
  guard operation.operandRule.broadcasts else { return operands }
  do throws(Diagnostic) {
    return try builder.broadcasting(operands, of: operation.name, with: BroadcastOperation())
  } catch { throw error.located(at: builder.origin.location) }
}
