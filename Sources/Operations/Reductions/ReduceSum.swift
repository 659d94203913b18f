import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The sum along axes.
public struct ReduceSumOperation: ReductionOperation, FoldableOperation {
  public init() {}

  public var name: String { "reduce_sum" }
  public var folding: Folding { .integers }
  public var combiner: Combiner { .sum }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The sum along axes, which disappear.", group: "Reductions",
      example: "%s = reduce_sum %x {axes = [1]} : tensor<Bxf32>",
      details: """
        dx repeats dy along the axes. Added in the element type, in 16 virtual lanes and a fixed tree (see
        docs/kernels.md), so that no schedule changes a bit. Integers wrap; convert first where they may. NaN and
        infinities follow IEEE 754.
        """)
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let axes = attributes.axes("axes", rank: operands[0].extents.count)
    return [reduceOracle(operands[0], axes: axes, float: +, integer: &+)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0].type
    return [
      builder.broadcast(node.cotangent, to: x.shape, alongNew: node.attributes.axes("axes", rank: x.rank))
    ]
  }

  /// The product with the number of elements, which rounds once.
  public func joined(_ count: Int, _ element: Value, in s: inout some Simplification) -> Value? {
    let type = element.type.element
    if let scalar = s.splat(element), type.isFloat {
      return s.splat(Scalar(scalar.asDouble * Double(count), as: type), element.type)
    }
    let factor = type.isFloat ? Scalar(Double(count), as: type) : Scalar(wrapping: Int64(count), as: type)
    return s.make(MultiplyOperation(), [element, s.splat(factor, element.type)])
  }
}
