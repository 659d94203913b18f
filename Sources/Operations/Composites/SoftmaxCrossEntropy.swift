import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// The cross-entropy of the softmax of logits with labels, one for each row.
public struct SoftmaxCrossEntropyOperation: CompositeOperation, LogitsOperation, LabelOperation {
  public init() {}

  public var name: String { "softmax_cross_entropy" }
  public var operandRule: OperandRule { OperandRule(["logits", "labels"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The cross-entropy of the softmax of logits with labels, one for each row.", group: "Losses",
      example: "%l = softmax_cross_entropy %logits, %labels : tensor<Bxf32>",
      details: """
        Logits are [..., c]. Labels are classes [...] of type ui8, i32 or i64, or probabilities [..., c] of the logits'
        type; the result is [...]. For a class k: ln Σ e^(z - m) - (z[k] - m), where m is the largest logit of the row,
        so that ±1000 gives finite losses; for probabilities y: Σ y (ln Σ e^(z - m) - (z - m)), in which a class of
        probability 0 counts nothing, though its logit be -infinity. dz = dl (softmax(z) - one_hot(k)), respectively
        dl (softmax(z) Σ y - y); dy = -dl log_softmax(z). A row with +infinity is NaN, as its softmax is. A class out of
        range counts as none: data readers check labels. Decomposes into sweeps over a row in cache; the gradient shares
        their terms.
        """)
  }

  public var logitsOperand: Int { 0 }
  public var logitsFunction: String { "softmax" }

  public func labels(_ operands: [TensorType], _ attributes: Attributes) -> (operand: Int, kind: LabelKind)? {
    guard ElementTypes.integers.contains(operands[1].element), let classes = operands[0].shape.last?.fixedValue else {
      return nil
    }
    return (1, .classes(classes))
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    try requireRank(operands, 0, atLeast: 1)
    let (logits, labels) = (operands[0], operands[1])
    let row = TensorType(Array(logits.shape.dropLast()), logits.element)
    if ElementTypes.integers.contains(labels.element) {
      guard labels.shape == row.shape else {
        let misfit = error(
          "takes one class for each row of \(logits), so 'labels' must be \(row.with(element: labels.element)), "
            + "but it is \(labels)"
        )
        throw noting(misfit, labels, named: "labels", asShape: row.shape)
      }
      if let classes = logits.shape[logits.rank - 1].fixedValue, classes > Int(Int32.max) {
        throw error("takes at most \(Int32.max) classes, but operand 'logits' is \(logits)")
      }
      return [row]
    }
    guard labels == logits else {
      throw error(
        "takes classes or probabilities, so 'labels' must be \(row.with(element: .i32)) or \(logits), "
          + "but it is \(labels)"
      )
    }
    return [row]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (logits, labels) = (operands[0], operands[1])
    let z = logits.doubles
    let axis = logits.extents.count - 1
    let losses = rows(logits.extents, axis: axis).enumerated().map { position, row in
      let largest = row.map { z[$0] }.reduce(-.infinity, Swift.max)
      let logarithm = Double.log(row.reduce(0) { $0 + Double.exp(z[$1] - largest) })
      if labels.element.isFloat {
        let y = labels.doubles
        return row.reduce(logarithm - logarithm) { y[$1] == 0 ? $0 : $0 + y[$1] * (logarithm - (z[$1] - largest)) }
      }
      let label = Int(labels.integers[position])
      return row.indices.contains(label) ? logarithm - (z[row[label]] - largest) : logarithm
    }
    return [Tensor(TensorType(Array(logits.extents.dropLast()), logits.element), rounding: losses)]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let (z, labels) = (operands[0], operands[1])
    let axis = z.type.rank - 1
    let terms = SoftmaxTerms(z, axis: axis, &builder)
    if labels.type.element.isFloat {
      let logarithm = builder.log(terms.sum)
      let row = builder.broadcast(logarithm, to: z.type.shape, alongNew: [axis])
      let losses = builder.counted(builder.subtract(row, terms.shifted), weight: labels)
      // 0, or the NaN of a row that has one.
      let nothing = builder.subtract(logarithm, logarithm)
      return [builder.add(builder.reduceSum(losses, axes: [axis]), nothing)]
    }
    let isLabel = builder.isIndex(labels, depth: z.type.shape[axis])
    let chosen = builder.select(isLabel, terms.shifted, builder.zeros(z.type))
    return [builder.subtract(builder.log(terms.sum), builder.reduceSum(chosen, axes: [axis]))]
  }

  /// Softmax and log_softmax are emitted whole: their decompositions share the terms of this one.
  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (z, labels) = (node.operands[0], node.operands[1])
    let axis = z.type.rank - 1
    let softmax = builder.softmax(z, axis: axis)
    let cotangent = builder.broadcast(node.cotangent, to: z.type.shape, alongNew: [axis])
    if labels.type.element.isFloat {
      let expected = builder.multiply(softmax, builder.rowSum(labels, axis: axis))
      let logits = builder.multiply(cotangent, builder.subtract(expected, labels))
      let product = builder.multiply(cotangent, builder.logSoftmax(z, axis: axis))
      return [logits, builder.negate(product)]
    }
    let isLabel = builder.isIndex(labels, depth: z.type.shape[axis])
    let oneHot = builder.convert(isLabel, to: z.type.element)
    return [builder.multiply(cotangent, builder.subtract(softmax, oneHot)), nil]
  }

  public var examples: [OperationExample] {
    func classes(
      _ extents: [Int], _ element: ElementType, _ label: ElementType, _ labels: [Double], logits: [Double]? = nil
    ) -> OperationExample {
      OperationExample(
        [TensorType(extents, element), TensorType(Array(extents.dropLast()), label)],
        values: [logits.map { .cycle($0) } ?? .uniform(-3...3), .cycle(labels)], checksDerivative: logits == nil)
    }
    return [
      classes([3, 5], .f32, .i32, [0, 4, 2]), classes([4, 7], .f64, .ui8, [6, 0]),
      classes([2, 3, 4], .f64, .i64, [3, 1]),
      classes([5], .f32, .i32, [2]), classes([2, 300], .f32, .ui8, [255, 3], logits: [0.5, -1, 2]),
      classes([4, 3], .f32, .i32, [0, 1, 2], logits: [1000, -1000, 1000, 0, -1000]),
      OperationExample(pair([3, 5], .f32), values: [.uniform(-3...3), .cycle([0, 0, 1, 0, 0])]),
      OperationExample(pair([2, 3], .f64), values: [.uniform(-3...3), .uniform(0...1)]),
      OperationExample(
        pair([2, 3], .f32), values: [.cycle([1000, -1000]), .cycle([0, 1, 0, 1, 0, 0])], checksDerivative: false),
    ]
  }
}
