import FraguaGraph

/// The pass that replaces expressions by simpler ones that mean the same.
///
/// Before:
/// ```
/// %t = transpose %x {permutation = [1, 0]} : tensor<2x32xf32>
/// %d = matmul %t, %g : tensor<2x3xf32>
/// %c = constant {value = dense<1.0>} : tensor<2x3xf32>
/// %e = multiply %d, %c : tensor<2x3xf32>
/// ```
/// After (the transpose is dead):
/// ```
/// %d = dot_general %x, %g {lhs_batch = [], lhs_contracting = [0], rhs_batch = [], rhs_contracting = [0]} :
/// tensor<2x3xf32>
/// ```
/// Every identity gives the same bits, NaN payloads aside, but for one that rounds less: the sum of n equal elements
/// becomes the product with n. So `x + 0` remains, as it turns -0 into +0, and `x + -0` goes
/// where `x` can hold no denormals, which a sum makes zeros: where it is no argument or parameter, nor a copy of one.
/// ``Simplifier`` has the rules, a file a family:
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
