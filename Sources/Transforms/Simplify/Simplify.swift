import FraguaGraph

/// The pass that replaces expressions by simpler ones that mean the same.
///
/// Before:
/// ```
/// // pass: simplify --function @f
/// func @f(%x: tensor<32x2xf32>, %g: tensor<32x3xf32>) -> tensor<2x3xf32> {
///   %t = transpose %x {permutation = [1, 0]}
///   %d = dot_general %t, %g {lhs_contracting = [1], rhs_contracting = [0]}
///   %c = constant {value = dense<1.0>} : tensor<2x3xf32>
///   %e = multiply %d, %c
///   return %e
/// }
/// ```
/// After (the transpose is dead):
/// ```
/// func @f(%x: tensor<32x2xf32>, %g: tensor<32x3xf32>) -> tensor<2x3xf32> {
///   %t = transpose %x {permutation = [1, 0]} : tensor<2x32xf32>
///   %d = dot_general %x, %g {lhs_contracting = [0], rhs_contracting = [0]} : tensor<2x3xf32>
///   %c = constant {value = dense<1.0>} : tensor<2x3xf32>
///   return %d
/// }
/// ```
/// Every identity gives the same bits, NaN payloads aside, but for one that rounds less: the sum of n equal elements
/// becomes the product with n. So `x + 0` remains, as it turns -0 into +0, and `x + -0` goes
/// where `x` can hold no denormals, which a sum makes zeros: where it is no argument or parameter, nor a copy of one.
/// The rules stand beside the operations (``SimplifiableOperation``):
/// - arithmetic: `x * 1`, `x - 0`, `x / 2^k`, negations into sums and products, selections by constants, conversions
///   there and back;
/// - views: compositions of reshapes, transposes and broadcasts; views of splats; views that move nothing become
///   reshapes;
/// - contractions: transposes of operands and of the result go into the dimension numbers;
/// - reductions: over axes of extent 1, of broadcasts, of splats, of transposes.
///
/// Needs primitive operations and fixed extents. One sweep, in which new nodes are simplified as they are made: linear.
public enum Simplify {
  public static let pass = Pass(name: "simplify", summary: "replace expressions by simpler ones that mean the same") {
    graph, _ in Simplifier.simplified(graph, foldsConstants: false)
  }
}
