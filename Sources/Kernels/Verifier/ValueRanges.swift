import FraguaTensors

/// What is known of a program's integer values before it runs: an interval and the axes they depend on.
package struct ValueRanges {
  /// For each value: an interval that holds it; of floats meaningless.
  package private(set) var intervals: [ClosedInterval] = []
  /// For each value: whether it may differ between two points of the kernel.
  package private(set) var varies: [Bool] = []

  /// Analyses `program`, whose types are right, in a kernel of extents `axes`.
  package init(_ program: ScalarProgram, axes: [Int]) {
    for (i, instruction) in program.instructions.enumerated() {
      intervals.append(interval(of: instruction, program, program.types[i], axes))
      switch instruction {
      case .constant: varies.append(false)
      case .input, .local: varies.append(true)
      case .index(let axis): varies.append(axes[axis] > 1)
      case .load(let access):
        let isUniform = access.expressions.allSatisfy(\.isConstant)
        varies.append(!isUniform || access.indices.contains { varies[$0.value] })
      default: varies.append(program.operands(of: i).contains { varies[$0] })
      }
    }
  }

  /// The interval of one instruction's value.
  private func interval(
    of instruction: ScalarProgram.Instruction, _ program: ScalarProgram, _ type: ElementType, _ axes: [Int]
  ) -> ClosedInterval {
    let all = ClosedInterval.all(of: type)
    if type.isFloat { return all }
    let known: ClosedInterval?
    switch instruction {
    case .constant(let scalar): known = ClosedInterval(Int(scalar.integer), Int(scalar.integer))
    case .index(let axis): known = ClosedInterval(0, axes[axis] - 1)
    case .convert(let x, _): known = program.types[x].isFloat || type == .i1 ? nil : intervals[x]
    case .select(_, let x, let y): known = intervals[x].union(intervals[y])
    case .binary(let op, let x, let y): known = interval(of: op, intervals[x], intervals[y], type)
    case .random: known = ClosedInterval(0, 0xFFFF_FFFF)
    case .input, .local, .load, .unary, .compare, .fma: known = nil
    }
    // What leaves the type wraps to anything.
    guard let known, all.contains(known) else { return all }
    return known
  }

  /// The interval of an operator's results; `nil` where nothing is known.
  private func interval(
    of op: BinaryOperator, _ x: ClosedInterval, _ y: ClosedInterval, _ type: ElementType
  ) -> ClosedInterval? {
    switch op {
    case .add: return x.adding(y)
    case .subtract: return y.negated.flatMap { x.adding($0) }
    case .multiply: return x.multiplied(by: y)
    case .maximum: return ClosedInterval(max(x.low, y.low), max(x.high, y.high))
    case .minimum: return ClosedInterval(min(x.low, y.low), min(x.high, y.high))
    case .divide where y.low > 0:
      return ClosedInterval(min(x.low / y.low, x.low / y.high), max(x.high / y.low, x.high / y.high))
    case .remainder where y.low > 0:
      return ClosedInterval(x.low < 0 ? -(y.high - 1) : 0, x.high > 0 ? y.high - 1 : 0)
    case .and where x.low >= 0 || y.low >= 0:
      return ClosedInterval(0, min(x.low >= 0 ? x.high : .max, y.low >= 0 ? y.high : .max))
    case .shiftRight where x.low >= 0 && y.low == y.high && y.low >= 0 && y.low < type.byteCount * 8:
      return ClosedInterval(x.low >> y.low, x.high >> y.low)
    default: return nil
    }
  }
}
