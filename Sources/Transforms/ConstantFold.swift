import FraguaGraph
import FraguaTensors

/// The pass that computes what depends on constants only.
///
/// Before:
/// ```
/// // pass: constant-fold --function @f
/// func @f() -> tensor<32xf32> {
///   %a = constant {value = dense<1.0>} : tensor<f32>
///   %b = constant {value = dense<3.0>} : tensor<f32>
///   %c = divide %a, %b
///   %d = broadcast %c {axes = [], to = tensor<32xf32>}
///   return %d
/// }
/// ```
/// After (`%a`, `%b` and `%c` are dead):
/// ```
/// func @f() -> tensor<32xf32> {
///   %a = constant {value = dense<1.0>} : tensor<f32>
///   %b = constant {value = dense<3.0>} : tensor<f32>
///   %c = constant {value = dense<0.33333334>} : tensor<f32>
///   %d = constant {value = dense<0.33333334>} : tensor<32xf32>
///   return %d
/// }
/// ```
/// Only operations whose oracle gives the bits that compiled code gives: those of integers and booleans; of floats
/// those that are rounded once by IEEE 754 (sums, products, quotients, roots, conversions), comparisons, selections,
/// views. Never functions such as `exp`, of which the oracle's last bit may differ, nor maxima of zeros of different
/// signs, nor floating-point sums of many elements: operations say so themselves (``FoldableOperation``). Splats stay
/// splats of any size; other results are folded up to ``largestElementCount`` elements, where their extents are declared,
/// and where they are not larger than what they are made of: a broadcast costs nothing where it is used.
/// What becomes simpler by it is simplified in the same sweep, by the rules of `simplify`. Linear.
public enum ConstantFold {
  public static let pass = Pass(name: "constant-fold", summary: "compute what depends on constants only") { graph, _ in
    Simplifier.simplified(graph, foldsConstants: true)
  }

  /// The largest result that is folded, unless it is a splat.
  static let largestElementCount = 4096

  /// What each result of `operation` is for these operands; `nil` where it is not folded.
  static func folded(
    _ operation: any Operation, _ constants: [ConstantValue], _ attributes: Attributes
  ) -> [ConstantValue]? {
    let types = constants.map(\.type)
    let isInteger = types.allSatisfy { !$0.element.isFloat }
    guard let foldable = operation as? any FoldableOperation, foldable.folding == .allElements || isInteger,
      let results = try? operation.inferTypes(types, attributes), results.allSatisfy(\.isFixed)
    else { return nil }
    if case .pointwise = foldable.role(types, results, attributes), constants.allSatisfy({ $0.splat != nil }) {
      let values = operation.evaluate(constants.map { Tensor($0.splat!) }, attributes)
      return zip(results, values).map { ConstantValue($0, splat: $1[0]) }
    }
    // As many elements as a symbol says would be another program for every batch.
    guard results.allSatisfy({ $0.shape.allSatisfy { $0.declaredValue != nil } }),
      results.allSatisfy({ $0.elementCount <= largestElementCount }),
      types.allSatisfy({ $0.elementCount <= largestElementCount })
    else { return nil }
    func count(_ types: [TensorType]) -> Int { types.reduce(0) { $0 + $1.elementCount } }
    guard count(results) <= count(types) else { return nil }
    return operation.evaluate(constants.map(\.tensor), attributes).map { ConstantValue($0) }
  }
}
