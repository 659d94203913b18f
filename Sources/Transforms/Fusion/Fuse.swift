import FraguaGraph
import FraguaKernels
import FraguaTensors

extension Fusion {
  /// The fused form of `function`.
  ///
  /// - Requires: primitive operations only, all extents fixed.
  public static func fuse(_ function: Function, target: Target) -> Function {
    // A dump may hold what nothing needs: it would become a kernel that stores nothing.
    let function = DeadCode.live(function)
    if let lanes = LanesForm(function), lanes.isWorthwhile { return LanesForm.asOneRegion(function) }
    var planner = FusionPlanner(function, target)
    planner.plan()
    return RegionBuilder(planner).build()
  }

  /// What ``fuse(_:target:)`` decides about each edge: each pair of a node and a value that another node computes and
  /// it uses, once, in the nodes' order.
  ///
  /// - Requires: primitive operations only, all extents fixed, no node that nothing needs.
  public static func decisions(_ function: Function, target: Target) -> [FusionDecision] {
    if let lanes = LanesForm(function), lanes.isWorthwhile { return lanes.decisions(function) }
    var planner = FusionPlanner(function, target)
    planner.plan()
    return planner.decisions()
  }
}

/// The pass that groups nodes into regions, each of which becomes one kernel.
///
/// Before:
/// ```
/// %z = dot_general %x, @w {...} : tensor<32x3xf32>
/// %b = broadcast @b {...} : tensor<32x3xf32>
/// %s = add %z, %b : tensor<32x3xf32>
/// %h = sigmoid %s : tensor<32x3xf32>
/// ```
/// After:
/// ```
/// %h = fused @h(%x, @w, @b) { ... the same nodes ... } {form = contract} : tensor<32x3xf32>
/// ```
/// Needs primitive operations and fixed extents; guarantees that every node but reshapes of stored values lies in a
/// region that lowering can turn into one kernel. Near-linear in the nodes.
public enum Fusion {}

extension Fusion {
  /// The pass itself; functions that are fused already are left alone.
  public static let pass = Pass(
    name: "fuse", summary: "group nodes into regions, each of which becomes one kernel"
  ) { graph, context in
    var graph = graph
    for index in graph.functions.indices {
      graph.functions[index] = fuse(graph.functions[index], target: context.target)
    }
    return graph
  }
}
