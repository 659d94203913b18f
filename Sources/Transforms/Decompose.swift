import FraguaGraph
import FraguaTensors

/// The pass that writes composite operations in terms of primitive ones.
///
/// Before:
/// ```
/// // pass: decompose --function @f
/// param @w: tensor<2x3xf32> = zeros
/// param @b: tensor<3xf32> = zeros
///
/// func @f(%x: tensor<32x2xf32>) -> tensor<32x3xf32> {
///   %h = dense %x, @w, @b {activation = sigmoid}
///   return %h
/// }
/// ```
/// After:
/// ```
/// param @w: tensor<2x3xf32> = zeros
/// param @b: tensor<3xf32> = zeros
///
/// func @f(%x: tensor<32x2xf32>) -> tensor<32x3xf32> {
///   %0 = dot_general %x, @w {lhs_contracting = [1], rhs_contracting = [0]} : tensor<32x3xf32>
///   %1 = broadcast @b {to = tensor<32x3xf32>, axes = [1]} : tensor<32x3xf32>
///   %2 = add %0, %1 : tensor<32x3xf32>
///   %h = sigmoid %2 : tensor<32x3xf32>
///   return %h
/// }
/// ```
/// Decompositions may use composites, which are decomposed in turn until only primitives remain: `fuse` sees no
/// composite. Needs fixed extents. Linear in the result.
public enum Decompose {
  public static let pass = Pass(
    name: "decompose", summary: "write composite operations in terms of primitive ones"
  ) { graph, _ in
    var graph = graph
    for i in graph.functions.indices { graph.functions[i] = decomposed(graph.functions[i]) }
    return graph
  }

  /// `function` with each composite replaced by its definition.
  private static func decomposed(_ function: Function) -> Function {
    guard function.nodes.contains(where: { $0.operation is any CompositeOperation }) else { return function }
    var rewriter = FunctionRewriter(function)
    for node in function.nodes {
      if let composite = node.operation as? any CompositeOperation {
        let definition = definition(of: composite, node.operands.map(\.type), node.attributes)
        let results = rewriter.builder.splice(definition, rewriter.mapped(node.operands), origin: node.origin)
        rewriter.replace(node, with: results)
      } else {
        rewriter.copy(node)
      }
    }
    return rewriter.finish()
  }

  /// What `composite` is on operands of `types`, in primitive operations.
  private static func definition(
    of composite: any CompositeOperation, _ types: [TensorType], _ attributes: Attributes
  ) -> Function {
    var builder = FunctionBuilder(name: composite.name)
    let operands = types.map { builder.argument(nil, $0) }
    builder.setResults(composite.decompose(operands, attributes, &builder))
    return decomposed(builder.function)
  }
}
