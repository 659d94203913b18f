import FraguaSource
import FraguaTensors

/// A straight-line program over scalars in SSA form: value `i` is what instruction `i` computes.
///
/// A program runs at each point of an index space. What it may read besides memory, its *inputs* and *locals*, the
/// kernel's form defines.
public struct ScalarProgram: Sendable, Hashable {
  public enum Instruction: Sendable, Hashable {
    case constant(Scalar)
    /// A value that the surrounding kernel gives: a reduction's result, an accumulator.
    case input(Int)
    /// The element of row-local array `i` at the current position of the row.
    case local(Int)
    /// The coordinate along axis `i` as `i64`.
    case index(Int)
    case load(Access)
    case unary(UnaryOperator, Int)
    case binary(BinaryOperator, Int, Int)
    case compare(Comparison, Int, Int)
    /// `select(condition, a, b)` is `a` where the `i1` condition holds, else `b`.
    case select(Int, Int, Int)
    /// A conversion: float to integer saturates (NaN gives 0), integers wrap, to `i1` is `!= 0`.
    case convert(Int, ElementType)
    /// `a * b + c`, rounded once; of floats.
    case fma(Int, Int, Int)
    /// Word `index mod 4` of Philox4x32-10 as an `i64` in 0 ..< 2^32, at counter (index / 4 low, index / 4 high,
    /// stream, step low) and key (seed low, seed high); `seed`, `step` and `index` are `i64` values.
    case random(seed: Int, step: Int, index: Int, stream: UInt32)
  }

  public private(set) var instructions: [Instruction] = []
  /// The type of each value.
  public private(set) var types: [ElementType] = []

  public init() {}

  /// Appends `instruction` and returns the number of its value; an equal one that is there already is used again.
  public mutating func append(_ instruction: Instruction, _ type: ElementType) -> Int {
    if known.count < instructions.count {
      for (number, (instruction, type)) in zip(instructions, types).enumerated() {
        known[Key(instruction: instruction, type: type)] = number
      }
    }
    if let known = known[Key(instruction: instruction, type: type)] { return known }
    instructions.append(instruction)
    types.append(type)
    known[Key(instruction: instruction, type: type)] = instructions.count - 1
    return instructions.count - 1
  }

  /// The program with every load's access as `rewrite` gives it, under the same numbers.
  ///
  /// - Requires: loads that differ still do.
  package func mappingAccesses(_ rewrite: (Access) -> Access) -> ScalarProgram {
    var result = self
    result.known = [:]
    for (number, instruction) in instructions.enumerated() {
      if case .load(let access) = instruction { result.instructions[number] = .load(rewrite(access)) }
    }
    return result
  }

  /// The program without its last instruction.
  package func droppingLast() -> ScalarProgram {
    var result = self
    result.known = [:]
    result.instructions.removeLast()
    result.types.removeLast()
    return result
  }

  private struct Key: Hashable, Sendable {
    let instruction: Instruction
    let type: ElementType
  }
  /// The number of each instruction; empty until something is appended to a program made of another one.
  private var known: [Key: Int] = [:]

  public static func == (a: ScalarProgram, b: ScalarProgram) -> Bool {
    a.instructions == b.instructions && a.types == b.types
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(instructions)
    hasher.combine(types)
  }
}

extension ScalarProgram {
  public mutating func constant(_ scalar: Scalar) -> Int { append(.constant(scalar), scalar.type) }
  /// The constant `value`, rounded to `type`.
  public mutating func constant(_ value: Double, _ type: ElementType) -> Int { constant(Scalar(value, as: type)) }
  public mutating func input(_ i: Int, _ type: ElementType) -> Int { append(.input(i), type) }
  public mutating func local(_ i: Int, _ type: ElementType) -> Int { append(.local(i), type) }
  public mutating func index(_ axis: Int) -> Int { append(.index(axis), .i64) }
  public mutating func load(_ access: Access, _ type: ElementType) -> Int { append(.load(access), type) }
  public mutating func unary(_ op: UnaryOperator, _ a: Int) -> Int { append(.unary(op, a), types[a]) }
  public mutating func binary(_ op: BinaryOperator, _ a: Int, _ b: Int) -> Int {
    precondition(types[a] == types[b], "\(op) of \(types[a]) and \(types[b])")
    return append(.binary(op, a, b), types[a])
  }
  public mutating func compare(_ op: Comparison, _ a: Int, _ b: Int) -> Int {
    precondition(types[a] == types[b], "\(op) of \(types[a]) and \(types[b])")
    return append(.compare(op, a, b), .i1)
  }
  public mutating func select(_ condition: Int, _ a: Int, _ b: Int) -> Int {
    precondition(types[condition] == .i1 && types[a] == types[b], "select between \(types[a]) and \(types[b])")
    return append(.select(condition, a, b), types[a])
  }
  /// `a` as `type`; `a` itself where it has the type already.
  public mutating func convert(_ a: Int, to type: ElementType) -> Int {
    types[a] == type ? a : append(.convert(a, type), type)
  }
  public mutating func fma(_ a: Int, _ b: Int, _ c: Int) -> Int { append(.fma(a, b, c), types[a]) }
  public mutating func random(seed: Int, step: Int, index: Int, stream: UInt32) -> Int {
    append(.random(seed: seed, step: step, index: index, stream: stream), .i64)
  }

  public mutating func add(_ a: Int, _ b: Int) -> Int { binary(.add, a, b) }
  public mutating func subtract(_ a: Int, _ b: Int) -> Int { binary(.subtract, a, b) }
  public mutating func multiply(_ a: Int, _ b: Int) -> Int { binary(.multiply, a, b) }
  public mutating func divide(_ a: Int, _ b: Int) -> Int { binary(.divide, a, b) }
  /// Value `a` as arithmetic leaves it: where it may be a copy of memory, with denormals made zeros of their sign.
  public mutating func flushed(_ a: Int) -> Int {
    switch instructions[a] {
    case .binary, .fma: a
    default: types[a].isFloat ? add(a, constant(-0.0, types[a])) : a
    }
  }

  /// The values that instruction `i` reads.
  public func operands(of i: Int) -> [Int] {
    switch instructions[i] {
    case .constant, .input, .local, .index: []
    case .load(let access): access.indices.map(\.value)
    case .unary(_, let a), .convert(let a, _): [a]
    case .binary(_, let a, let b), .compare(_, let a, let b): [a, b]
    case .select(let a, let b, let c), .fma(let a, let b, let c): [a, b, c]
    case .random(let seed, let step, let index, _): [seed, step, index]
    }
  }
}
