import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Computes what a role says, element by element in the element type, as the simplest lowering would.
///
/// It shares no code with the oracles, which are never derived from the role.
enum RoleEvaluator {
  static func evaluate(_ role: Role, _ operands: [Tensor], _ result: TensorType) -> Tensor {
    switch role {
    case .pointwise(let expression): pointwise(expression, operands, result)
    case .view(let map): view(operands[0], result, map)
    case .reduction(let combiner, let axes): reduction(combiner, axes, operands[0], result)
    case .contraction(let dimensions): contraction(dimensions, operands[0], operands[1], result)
    case .gather: gather(operands[0], operands[1], result)
    case .scatterAdd: scatterAdd(operands[0], operands[1], operands[2])
    case .generator(let expression): generator(expression, operands, result)
    case .constant(let value): value.tensor
    }
  }

  /// The coordinates of element `i`.
  private static func coordinates(_ i: Int, _ extents: [Int]) -> [Int] {
    zip(rowMajorStrides(extents), extents).map { i / $0 % $1 }
  }

  /// The row-major position of `coordinates`.
  private static func position(_ coordinates: [Int], _ extents: [Int]) -> Int {
    zip(coordinates, rowMajorStrides(extents)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func pointwise(
    _ expression: (inout ScalarProgram, [Int]) -> Int, _ operands: [Tensor], _ result: TensorType
  ) -> Tensor {
    var program = ScalarProgram()
    let inputs = operands.enumerated().map { program.input($0, $1.element) }
    let value = expression(&program, inputs)
    precondition(program.types[value] == result.element, "the role gives \(program.types[value]) for \(result)")
    return Tensor(result) { i in
      ScalarRunner.run(program, value, coordinates: [], inputs: operands.map { $0[i] })
    }
  }

  private static func generator(
    _ expression: (inout ScalarProgram, [Int], [[Int]]) -> Int, _ operands: [Tensor], _ result: TensorType
  ) -> Tensor {
    var program = ScalarProgram()
    var inputs: [Scalar] = []
    let axes = (0..<result.rank).map { program.index($0) }
    let elements = operands.map { operand in
      (0..<operand.count).map { i in
        inputs.append(operand[i])
        return program.input(inputs.count - 1, operand.element)
      }
    }
    let value = expression(&program, axes, elements)
    precondition(program.types[value] == result.element, "the role gives \(program.types[value]) for \(result)")
    return Tensor(result) { i in
      ScalarRunner.run(program, value, coordinates: coordinates(i, result.extents), inputs: inputs)
    }
  }

  private static func view(
    _ x: Tensor, _ result: TensorType, _ map: AffineMap
  ) -> Tensor {
    Tensor(result) { i in
      let place = coordinates(i, result.extents)
      let isThere = map.guards.allSatisfy { (0..<$0.bound).contains($0.expression.value(at: place)) }
      return isThere ? x[position(map.coordinates.map { $0.value(at: place) }, x.extents)] : map.fill!
    }
  }

  private static func reduction(_ combiner: Combiner, _ axes: [Int], _ x: Tensor, _ result: TensorType) -> Tensor {
    var arithmetic = ScalarArithmetic()
    var joined = [Scalar?](repeating: nil, count: result.elementCount)
    for i in 0..<x.count {
      let place = coordinates(i, x.extents)
      let target = position(place.indices.filter { !axes.contains($0) }.map { place[$0] }, result.extents)
      joined[target] = joined[target].map { VectorMath.apply(combiner, $0, x[i], in: &arithmetic) } ?? x[i]
    }
    return Tensor(result) { joined[$0]! }
  }

  private static func contraction(
    _ dimensions: ContractionDimensions, _ lhs: Tensor, _ rhs: Tensor, _ result: TensorType
  ) -> Tensor {
    let arithmetic = ScalarArithmetic()
    let inner = dimensions.lhsContracting.map { lhs.extents[$0] }
    let lhsFree = dimensions.lhsFree(rank: lhs.extents.count)
    let rhsFree = dimensions.rhsFree(rank: rhs.extents.count)
    let batch = dimensions.lhsBatch.count
    return Tensor(result) { i in
      let place = coordinates(i, result.extents)
      var sum = Scalar(0, as: result.element)
      for k in 0..<inner.reduce(1, *) {
        let inside = coordinates(k, inner)
        var (left, right) = (lhs.extents, rhs.extents)
        for (position, axis) in dimensions.lhsBatch.enumerated() { left[axis] = place[position] }
        for (position, axis) in dimensions.rhsBatch.enumerated() { right[axis] = place[position] }
        for (position, axis) in lhsFree.enumerated() { left[axis] = place[batch + position] }
        for (position, axis) in rhsFree.enumerated() { right[axis] = place[batch + lhsFree.count + position] }
        for (position, axis) in dimensions.lhsContracting.enumerated() { left[axis] = inside[position] }
        for (position, axis) in dimensions.rhsContracting.enumerated() { right[axis] = inside[position] }
        let (a, b) = (lhs[position(left, lhs.extents)], rhs[position(right, rhs.extents)])
        sum = result.element.isFloat ? arithmetic.fma(a, b, sum) : arithmetic.add(arithmetic.multiply(a, b), sum)
      }
      return sum
    }
  }

  private static func gather(_ table: Tensor, _ indices: Tensor, _ result: TensorType) -> Tensor {
    Tensor(result) { i in
      let place = coordinates(i, result.extents)
      let index = indices[position(Array(place.prefix(indices.extents.count)), indices.extents)].integer
      let row = min(max(Int(index), 0), table.extents[0] - 1)
      return table[position([row] + place.dropFirst(indices.extents.count), table.extents)]
    }
  }

  private static func scatterAdd(_ base: Tensor, _ indices: Tensor, _ updates: Tensor) -> Tensor {
    let arithmetic = ScalarArithmetic()
    var elements = (0..<base.count).map { base[$0] }
    let width = base.count / base.extents[0]
    for i in 0..<updates.count {
      let row = indices[i / width].integer
      guard row >= 0, row < base.extents[0] else { continue }
      let target = Int(row) * width + i % width
      elements[target] = arithmetic.add(elements[target], updates[i])
    }
    return Tensor(base.type) { elements[$0] }
  }
}

/// Runs a scalar program without loads at one point.
enum ScalarRunner {
  static func run(_ program: ScalarProgram, _ result: Int, coordinates: [Int], inputs: [Scalar]) -> Scalar {
    var arithmetic = ScalarArithmetic()
    var values: [Scalar] = []
    for instruction in program.instructions {
      let value: Scalar
      switch instruction {
      case .constant(let scalar): value = scalar
      case .input(let i): value = inputs[i]
      case .index(let axis): value = Scalar(Int64(coordinates[axis]))
      case .unary(let op, let a): value = VectorMath.apply(op, values[a], in: &arithmetic)
      case .binary(let op, let a, let b): value = VectorMath.apply(op, values[a], values[b], in: &arithmetic)
      case .compare(let op, let a, let b): value = arithmetic.compare(op, values[a], values[b])
      case .select(let c, let a, let b): value = arithmetic.select(values[c], values[a], values[b])
      case .convert(let a, let type): value = VectorMath.convert(values[a], to: type, in: &arithmetic)
      case .fma(let a, let b, let c): value = arithmetic.fma(values[a], values[b], values[c])
      case .random(let seed, let step, let index, let stream):
        value = VectorMath.random(
          seed: values[seed], step: values[step], index: values[index], stream: stream, in: &arithmetic)
      case .load, .local: preconditionFailure("a role reads no memory")
      }
      values.append(value)
    }
    return values[result]
  }
}
