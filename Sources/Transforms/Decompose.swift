import FraguaGraph

/// The pass that writes composite operations in terms of primitive ones.
///
/// Before:
/// ```
/// %h = dense %x, @w, @b {activation = sigmoid} : tensor<32x3xf32>
/// ```
/// After:
/// ```
/// %0 = matmul %x, @w : tensor<32x3xf32>
/// %1 = broadcast @b {axes = [1], to = tensor<32x3xf32>} : tensor<32x3xf32>
/// %2 = add %0, %1 : tensor<32x3xf32>
/// %h = sigmoid %2 : tensor<32x3xf32>
/// ```
/// Decompositions may use composites, which are decomposed in turn until only primitives remain: `fuse` sees no
/// composite. Needs fixed extents. Linear in the result.
public enum Decompose {
  public static let pass = Pass(
    name: "decompose", summary: "write composite operations in terms of primitive ones"
  ) { graph, _ in
    var graph = graph
    for i in graph.functions.indices {
      while graph.functions[i].nodes.contains(where: { $0.operation is any CompositeOperation }) {
        graph.functions[i] = decomposedOnce(graph.functions[i])
      }
    }
    return graph
  }

  /// `function` with each composite replaced by its definition.
  private static func decomposedOnce(_ function: Function) -> Function {
    var rewriter = FunctionRewriter(function)
    for node in function.nodes {
      if let composite = node.operation as? any CompositeOperation {
        rewriter.builder.origin = node.origin
        let operands = rewriter.mapped(node.operands)
        rewriter.replace(node, with: composite.decompose(operands, node.attributes, &rewriter.builder))
      } else {
        rewriter.copy(node)
      }
    }
    return rewriter.finish()
  }
}
