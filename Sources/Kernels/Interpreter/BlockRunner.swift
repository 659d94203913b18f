import FraguaSource
import FraguaTensors

/// A block made ready to run at one point after the other: accesses resolved to memory, zero strides dropped.
///
/// Everything it reads in its loop lies in flat memory of its own. A runner serves one thread.
final class BlockRunner {
  /// The values of the program at the point that ran last.
  let values: UnsafeMutablePointer<Scalar>
  /// The number of values.
  let count: Int

  /// One factor of an address: `coordinates[axis] * stride`.
  private struct Term {
    var axis: Int
    var stride: Int
  }
  /// A digit with the terms of what is divided.
  private struct Digit {
    var expression: AffineExpression.Digit
    var terms: Range<Int>
  }
  /// An affine expression: parts of the tables of terms and of digits.
  private struct Expression {
    var offset: Int
    var terms: Range<Int>
    var digits: Range<Int>
  }
  /// A guard with its expression.
  private struct Guard {
    var expression: Expression
    var bound: Int
  }
  /// An access with the parts of the flat tables that are its own.
  private struct Place {
    var memory: UnsafeMutableRawPointer
    var element: ElementType
    var count: Int
    var expression: Expression
    var guards: Range<Int>
    /// Terms whose `axis` is the number of a value.
    var indices: Range<Int>
    var fill: Scalar
  }
  /// An instruction whose access, if any, is a number in `places`.
  private enum Step {
    case constant(Scalar)
    case input(Int)
    case local(Int)
    case index(Int)
    case load(Int)
    case unary(UnaryOperator, Int)
    case binary(BinaryOperator, Int, Int)
    case compare(Comparison, Int, Int)
    case select(Int, Int, Int)
    case convert(Int, ElementType)
    case fma(Int, Int, Int)
    case random(seed: Int, step: Int, index: Int, stream: UInt32)
  }

  private let steps: UnsafeMutablePointer<Step>
  private let types: [ElementType]
  private var terms: [Term] = []
  private var digits: [Digit] = []
  private var guards: [Guard] = []
  private var places: [Place] = []
  private var stores: [(place: Int, value: Int)] = []
  private let kernel: Kernel
  private let memory: [UnsafeMutableRawPointer]

  /// Resolves `block` of `kernel`.
  /// - Requires: the verifier accepts `kernel`, and `memory` holds its buffers.
  init(_ block: Block, of kernel: Kernel, on memory: [UnsafeMutableRawPointer]) {
    self.kernel = kernel
    self.memory = memory
    count = block.program.instructions.count
    types = block.program.types
    values = .allocate(capacity: max(count, 1))
    values.initialize(repeating: Scalar(false), count: max(count, 1))
    steps = .allocate(capacity: max(count, 1))
    for (i, instruction) in block.program.instructions.enumerated() {
      (steps + i).initialize(to: resolve(instruction, block.program.types[i]))
    }
    for store in block.stores { stores.append((place(store.access), store.value)) }
  }

  /// Resolves a program without stores.
  convenience init(_ program: ScalarProgram, of kernel: Kernel, on memory: [UnsafeMutableRawPointer]) {
    self.init(Block(program), of: kernel, on: memory)
  }

  deinit {
    values.deallocate()
    steps.deallocate()
  }

  /// The type of value `number`.
  func type(of number: Int) -> ElementType { types[number] }

  /// The value of the last instruction.
  /// - Requires: a program with instructions.
  var last: Scalar { values[count - 1] }

  /// Computes all values at the point `coordinates`, where the locals are at `position` of the row.
  func run(
    at coordinates: UnsafePointer<Int>, inputs: [Scalar] = [], locals: [[Scalar]] = [], position: Int = 0
  ) {
    var a = ScalarArithmetic()
    for i in 0..<count {
      values[i] =
        switch steps[i] {
        case .constant(let scalar): scalar
        case .input(let n): inputs[n]
        case .local(let n): locals[n][position]
        case .index(let axis): Scalar(Int64(coordinates[axis]))
        case .load(let n): load(places[n], coordinates)
        case .unary(let op, let x): VectorMath.apply(op, values[x], in: &a)
        case .binary(let op, let x, let y): VectorMath.apply(op, values[x], values[y], in: &a)
        case .compare(let op, let x, let y): a.compare(op, values[x], values[y])
        case .select(let condition, let x, let y): a.select(values[condition], values[x], values[y])
        case .convert(let x, let type): VectorMath.convert(values[x], to: type, in: &a)
        case .fma(let x, let y, let z): a.fma(values[x], values[y], values[z])
        case .random(let seed, let step, let index, let stream):
          VectorMath.random(seed: values[seed], step: values[step], index: values[index], stream: stream, in: &a)
        }
    }
  }

  /// Writes the values that the block stores, at the point that ran last.
  func store(at coordinates: UnsafePointer<Int>) {
    for (n, value) in stores {
      let place = places[n]
      guard let element = element(of: place, coordinates) else { continue }
      Self.write(values[value], to: place.memory, element)
    }
  }

  /// The element of `place` at a point, or the fill value.
  @inline(__always) private func load(_ place: Place, _ coordinates: UnsafePointer<Int>) -> Scalar {
    guard let element = element(of: place, coordinates) else { return place.fill }
    switch place.element {
    case .f32: return Scalar(place.memory.assumingMemoryBound(to: Float.self)[element])
    case .f64: return Scalar(place.memory.assumingMemoryBound(to: Double.self)[element])
    case .i1: return Scalar(place.memory.assumingMemoryBound(to: UInt8.self)[element] != 0)
    case let type:
      func load<E: TensorElement>(_: E.Type) -> Scalar { place.memory.assumingMemoryBound(to: E.self)[element].scalar }
      return load(type.host)
    }
  }

  /// Writes `value` as element `element` of `memory`.
  @inline(__always) private static func write(_ value: Scalar, to memory: UnsafeMutableRawPointer, _ element: Int) {
    switch value.type {
    case .f32: memory.assumingMemoryBound(to: Float.self)[element] = value.float
    case .f64: memory.assumingMemoryBound(to: Double.self)[element] = value.double
    case let type:
      func write<E: TensorElement>(_: E.Type) { memory.assumingMemoryBound(to: E.self)[element] = E(value) }
      write(type.host)
    }
  }

  /// The number of the element that `place` means at a point; `nil` outside its guards.
  @inline(__always) private func element(of place: Place, _ coordinates: UnsafePointer<Int>) -> Int? {
    for i in place.guards {
      let coordinate = value(of: guards[i].expression, coordinates)
      if coordinate < 0 || coordinate >= guards[i].bound { return nil }
    }
    var element = value(of: place.expression, coordinates)
    for j in place.indices { element += Int(values[terms[j].axis].integer) * terms[j].stride }
    precondition(element >= 0 && element < place.count, "the verifier proves that every access is inside its buffer")
    return element
  }

  /// An affine expression at a point.
  @inline(__always) private func value(of expression: Expression, _ coordinates: UnsafePointer<Int>) -> Int {
    var sum = expression.offset
    for j in expression.terms { sum += coordinates[terms[j].axis] * terms[j].stride }
    for i in expression.digits {
      let digit = digits[i].expression
      var number = digit.dividend.offset
      for j in digits[i].terms { number += coordinates[terms[j].axis] * terms[j].stride }
      sum += digit.coefficient * digit.value(of: number)
    }
    return sum
  }

  /// `instruction` with its access resolved.
  private func resolve(_ instruction: ScalarProgram.Instruction, _ type: ElementType) -> Step {
    switch instruction {
    case .constant(let scalar): .constant(scalar)
    case .input(let n): .input(n)
    case .local(let n): .local(n)
    case .index(let axis): .index(axis)
    case .load(let access): .load(place(access))
    case .unary(let op, let x): .unary(op, x)
    case .binary(let op, let x, let y): .binary(op, x, y)
    case .compare(let op, let x, let y): .compare(op, x, y)
    case .select(let condition, let x, let y): .select(condition, x, y)
    case .convert(let x, let type): .convert(x, type)
    case .fma(let x, let y, let z): .fma(x, y, z)
    case .random(let seed, let step, let index, let stream):
      .random(seed: seed, step: step, index: index, stream: stream)
    }
  }

  /// Adds `access` to the flat tables and returns its number.
  private func place(_ access: Access) -> Int {
    let buffer = kernel.buffers[access.buffer]
    let expression = append(access.element)
    var ownGuards: [Guard] = []
    for g in access.guards { ownGuards.append(Guard(expression: append(g.expression), bound: g.bound)) }
    let start = terms.count
    for index in access.indices { terms.append(Term(axis: index.value, stride: index.stride)) }
    guards += ownGuards
    places.append(
      Place(
        memory: memory[access.buffer], element: buffer.element, count: buffer.count, expression: expression,
        guards: guards.count - ownGuards.count..<guards.count, indices: start..<terms.count,
        fill: access.fill ?? Scalar(false)))
    return places.count - 1
  }

  /// Adds an expression to the tables.
  private func append(_ expression: AffineExpression) -> Expression {
    let own = expression.digits.map { Digit(expression: $0, terms: append($0.dividend.coefficients)) }
    digits += own
    return Expression(
      offset: expression.offset, terms: append(expression.coefficients),
      digits: digits.count - own.count..<digits.count)
  }

  /// Adds the factors that are not 0 to the table of terms.
  private func append(_ strides: [Int]) -> Range<Int> {
    let start = terms.count
    for (axis, stride) in strides.enumerated() where stride != 0 { terms.append(Term(axis: axis, stride: stride)) }
    return start..<terms.count
  }
}
