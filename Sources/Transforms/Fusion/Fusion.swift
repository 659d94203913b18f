import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

extension Fusion {
  /// The fused form of `function`.
  ///
  /// - Requires: primitive operations only, all extents fixed.
  public static func fuse(_ function: Function, target: Target) -> Function {
    // A dump may hold what nothing needs: it would become a kernel that stores nothing.
    let function = classified(DeadCode.live(function))
    if let lanes = try? LanesForm(function), lanes.isWorthwhile { return LanesForm.asOneRegion(function.function) }
    var planner = FusionPlanner(function, target)
    planner.plan()
    return RegionBuilder(planner).build()
  }

  /// What ``fuse(_:target:)`` decides about each edge: each pair of a node and a value that another node computes and
  /// it uses, once, in the nodes' order.
  ///
  /// - Requires: primitive operations only, all extents fixed, no node that nothing needs.
  public static func decisions(_ function: Function, target: Target) -> [FusionDecision] {
    let function = classified(function)
    if let lanes = try? LanesForm(function), lanes.isWorthwhile { return lanes.decisions(function.function) }
    var planner = FusionPlanner(function, target)
    planner.plan()
    return planner.decisions()
  }

  /// Why ``fuse(_:target:)`` does not make one region of all of `function`, a row a lane; `nil` where it does.
  ///
  /// - Requires: as for ``decisions(_:target:)``.
  public static func lanesRefusal(_ function: Function) -> LanesForm.Refusal? {
    LanesForm.refusal(of: classified(function))
  }

  private static func classified(_ function: Function) -> ClassifiedFunction {
    do throws(Diagnostic) { return try ClassifiedFunction(function) } catch {
      preconditionFailure("fusion comes behind decompose: \(error.message)")
    }
  }
}

/// The pass that groups nodes into regions, each of which becomes one kernel.
///
/// Before:
/// ```
/// // pass: fuse --function @f
/// func @f(%x: tensor<320x200xf32>, %w: tensor<200x30xf32>) -> tensor<320x30xf32> {
///   %z = dot_general %x, %w {lhs_contracting = [1], rhs_contracting = [0]}
///   %h = sigmoid %z
///   return %h
/// }
/// ```
/// After:
/// ```
/// func @f(%x: tensor<320x200xf32>, %w: tensor<200x30xf32>) -> tensor<320x30xf32> {
///   %h = fused @h(%x: tensor<320x200xf32> = %x, %w: tensor<200x30xf32> = %w) {
///     %z = dot_general %x, %w {lhs_contracting = [1], rhs_contracting = [0]} : tensor<320x30xf32>
///     %h = sigmoid %z : tensor<320x30xf32>
///     return %h
///   } {form = contract} : tensor<320x30xf32>
///   return %h
/// }
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
