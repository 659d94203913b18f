import FraguaTensors

/// Coordinates as values of a program.
extension ScalarProgram {
  /// Appends the value of `expression`, over an index space of `extents`, as an `i64`.
  public mutating func value(of expression: AffineExpression, in extents: [Int]) -> Int {
    var sum: Int?
    for (axis, coefficient) in expression.coefficients.enumerated() where coefficient != 0 {
      var term = index(axis)
      if coefficient != 1 { term = multiply(term, constant(Scalar(Int64(coefficient)))) }
      sum = sum.map { add($0, term) } ?? term
    }
    for digit in expression.digits {
      let term = value(of: digit, in: extents)
      sum = sum.map { add($0, term) } ?? term
    }
    guard let sum else { return constant(Scalar(Int64(expression.offset))) }
    return expression.offset == 0 ? sum : add(sum, constant(Scalar(Int64(expression.offset))))
  }

  /// Division rounds to 0, so that numbers below 0 are moved up by whole periods first.
  private mutating func value(of digit: AffineExpression.Digit, in extents: [Int]) -> Int {
    let least = digit.dividend.range(in: extents).lowerBound
    let period = digit.divisor * (digit.modulus ?? 1)
    let shift = least < 0 ? ceilDivide(-least, period) * period : 0
    var dividend = digit.dividend
    dividend.offset += shift
    var result = value(of: dividend, in: extents)
    if digit.divisor != 1 { result = divide(result, constant(Scalar(Int64(digit.divisor)))) }
    if let modulus = digit.modulus {
      result = binary(.remainder, result, constant(Scalar(Int64(modulus))))
    } else if shift != 0 {
      result = subtract(result, constant(Scalar(Int64(shift / digit.divisor))))
    }
    return digit.coefficient == 1 ? result : multiply(result, constant(Scalar(Int64(digit.coefficient))))
  }

  /// The program over another index space, of `extents`, at whose points its own coordinates are `coordinates`, with the
  /// new number of each value; `nil` where an access would need a digit of digits, or the last value would not be last.
  func substituting(
    _ coordinates: [AffineExpression], in extents: [Int]
  ) -> (program: ScalarProgram, numbers: [Int])? {
    var result = ScalarProgram()
    var numbers: [Int] = []
    for (instruction, type) in zip(instructions, types) {
      switch instruction {
      case .index(let axis): numbers.append(result.value(of: coordinates[axis], in: extents))
      case .load(let access):
        guard let own = access.substituting(coordinates, in: extents, numbers) else { return nil }
        numbers.append(result.load(own, type))
      default: numbers.append(result.append(instruction.mappingOperands { numbers[$0] }, type))
      }
    }
    return numbers.last ?? 0 == max(0, result.instructions.count - 1) ? (result, numbers) : nil
  }
}

extension ScalarProgram.Instruction {
  /// The instruction with other operands; those of an access apart.
  fileprivate func mappingOperands(_ number: (Int) -> Int) -> Self {
    switch self {
    case .constant, .input, .local, .index, .load: self
    case .unary(let op, let a): .unary(op, number(a))
    case .binary(let op, let a, let b): .binary(op, number(a), number(b))
    case .compare(let op, let a, let b): .compare(op, number(a), number(b))
    case .select(let a, let b, let c): .select(number(a), number(b), number(c))
    case .convert(let a, let type): .convert(number(a), type)
    case .fma(let a, let b, let c): .fma(number(a), number(b), number(c))
    case .random(let seed, let step, let index, let stream):
      .random(seed: number(seed), step: number(step), index: number(index), stream: stream)
    }
  }
}

extension Access {
  /// The access at the points of another index space, its index values under their new numbers.
  func substituting(_ coordinates: [AffineExpression], in extents: [Int], _ numbers: [Int]) -> Access? {
    var result = self
    guard let element = element.substituting(coordinates, in: extents) else { return nil }
    result.element = element
    for i in guards.indices {
      guard let expression = guards[i].expression.substituting(coordinates, in: extents) else { return nil }
      result.guards[i].expression = expression
    }
    for i in indices.indices { result.indices[i].value = numbers[indices[i].value] }
    return result
  }
}

extension Block {
  /// The block over another index space, with the new number of each value of its program.
  func substituting(_ coordinates: [AffineExpression], in extents: [Int]) -> (block: Block, numbers: [Int])? {
    guard let (program, numbers) = program.substituting(coordinates, in: extents) else { return nil }
    var stores: [Store] = []
    for store in self.stores {
      guard let access = store.access.substituting(coordinates, in: extents, numbers) else { return nil }
      stores.append(Store(access, numbers[store.value]))
    }
    return (Block(program, stores: stores), numbers)
  }
}
