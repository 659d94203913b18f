import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// A fully connected layer: `activation(x w + b)`.
public struct DenseOperation: CompositeOperation, ProbabilityOperation {
  /// What is applied to the linear part.
  public enum Activation: String, Sendable, Hashable, CaseIterable {
    case none, sigmoid, tanh, relu, softmax
  }

  public init() {}

  public var name: String { "dense" }
  public var operandRule: OperandRule { OperandRule(["x", "weights", "bias"], optional: 1) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "activation", .keyword(Activation.allCases.map(\.rawValue)), default: .keyword("none"),
        summary: "The function of the linear part; softmax is along the last axis.",
        otherNames: ["act", "nonlinearity", "fn"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A fully connected layer.", group: "Contractions",
      example: "%h = dense %x, @w, @b {activation = relu} : tensor<Bx512xf32>",
      details: """
        y = activation(x w + b), where x is [..., k], w is [k, n], and b, which may be left out, is [n]. With dz the
        cotangent of the linear part, found from y alone: dx = dz wᵀ, dw = xᵀ dz, db = Σ dz. Decomposes into
        dot_general, broadcast, add and the activation; fusion makes it one kernel.
        """)
  }

  public func probabilityFunction(_ attributes: Attributes) -> String? {
    let activation = attributes.keyword("activation")
    return [Activation.sigmoid, .softmax].map(\.rawValue).contains(activation) ? activation : nil
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    for index in operands.indices { try require(operands, index, in: ElementTypes.floats) }
    try requireSameElement(operands, 0, 1)
    try requireRank(operands, 0, atLeast: 1)
    let (x, weights) = (operands[0], operands[1])
    guard weights.rank == 2 else {
      throw error("needs weights of rank 2, [inputs, outputs], but operand 'weights' is \(weights)")
    }
    guard x.shape[x.rank - 1] == weights.shape[0] else {
      throw error("inner extents differ: \(x.shape[x.rank - 1]) and \(weights.shape[0])")
        .noting("operand 'x' is \(x) and operand 'weights' is \(weights)")
    }
    if operands.count == 3 {
      try requireSameElement(operands, 0, 2)
      guard operands[2].shape == [weights.shape[1]] else {
        throw error("needs one bias for each of \(weights.shape[1]) outputs, but operand 'bias' is \(operands[2])")
      }
    }
    return [try checkedResult(TensorType(x.shape.dropLast() + [weights.shape[1]], x.element))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (x, weights) = (operands[0], operands[1])
    let (k, n) = (weights.extents[0], weights.extents[1])
    let (a, w) = (x.doubles, weights.doubles)
    let bias = operands.count == 3 ? operands[2].doubles : Array(repeating: 0, count: n)
    var results: [Double] = []
    for row in 0..<x.count / k {
      var sums = bias
      for c in 0..<k {
        for j in 0..<n { sums[j] += a[row * k + c] * w[c * n + j] }
      }
      results += activated(sums, Self.activation(attributes))
    }
    return [Tensor(TensorType(x.extents.dropLast() + [n], x.element), rounding: results)]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    var linear = builder.dotGeneral(operands[0], operands[1], Self.dimensions(operands[0]))
    let shape = linear.type.shape
    if operands.count == 3 {
      linear = builder.add(linear, builder.broadcast(operands[2], to: shape, axes: [shape.count - 1]))
    }
    switch Self.activation(attributes) {
    case .none: return [linear]
    case .sigmoid: return [builder.sigmoid(linear)]
    case .tanh: return [builder.tanh(linear)]
    case .relu: return [builder.relu(linear)]
    case .softmax: return [builder.softmax(linear, axis: shape.count - 1)]
    }
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (y, rank) = (node.results[0], node.results[0].type.rank)
    let linear: Value
    switch Self.activation(node.attributes) {
    case .none: linear = node.cotangent
    case .sigmoid: linear = builder.sigmoidPullback(node.cotangent, result: y)
    case .tanh: linear = builder.tanhPullback(node.cotangent, result: y)
    case .relu: linear = builder.reluPullback(node.cotangent, result: y)
    case .softmax: linear = builder.softmaxPullback(node.cotangent, result: y, axis: rank - 1)
    }
    let factors = builder.contractionPullback(
      linear, node.operands[0], node.operands[1], Self.dimensions(node.operands[0]))
    if node.operands.count == 2 { return factors }
    return factors + [builder.reduceSum(linear, axes: Array(0..<rank - 1))]
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ outputs: Int, _ element: ElementType, _ activation: Activation = .none, bias: Bool = true
    ) -> OperationExample {
      var operands = [TensorType(extents, element), TensorType([extents[extents.count - 1], outputs], element)]
      if bias { operands.append(TensorType([outputs], element)) }
      return OperationExample(operands, attributes: ["activation": .keyword(activation.rawValue)])
    }
    return Activation.allCases.map { example([3, 5], 4, .f32, $0) } + [
      example([2, 3, 5], 7, .f64, .tanh), example([5], 2, .f64, .sigmoid), example([3, 2], 1, .f32, bias: false),
      example([1, 1], 1, .f64, .relu, bias: false),
    ]
  }

  /// The activation in checked attributes.
  private static func activation(_ attributes: Attributes) -> Activation {
    guard let activation = Activation(rawValue: attributes.keyword("activation")) else {
      preconditionFailure("the schema lists the activations")
    }
    return activation
  }

  /// The last axis of x with the first of the weights.
  private static func dimensions(_ x: Value) -> ContractionDimensions {
    ContractionDimensions(lhsContracting: [x.type.rank - 1], rhsContracting: [0])
  }

  /// The activation of one row, for the oracle.
  private func activated(_ row: [Double], _ activation: Activation) -> [Double] {
    switch activation {
    case .none: return row
    case .sigmoid: return row.map { 1 / (1 + Double.exp(-$0)) }
    case .tanh: return row.map { Double.tanh($0) }
    case .relu: return row.map { $0 < 0 ? 0 : $0 }
    case .softmax:
      let largest = row.reduce(-.infinity, Swift.max)
      let powers = row.map { Double.exp($0 - largest) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
  }
}
