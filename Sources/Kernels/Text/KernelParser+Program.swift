import FraguaSource
import FraguaTensors

/// A block under construction.
struct BlockReader {
  let scope: KernelScope
  /// The name of the part in ``Kernel/parts``.
  let part: String
  var block = Block()
  /// The values by the names that the text gives them.
  var values: [String: Int] = [:]
}

extension KernelParser {
  /// Reads the `%name` of a value that is there.
  mutating func operand(_ reader: BlockReader) throws(Diagnostic) -> Int {
    let place = token
    let name = try name(.value)
    guard let value = reader.values[name] else { throw error("there is no value '%\(name)' yet", at: place) }
    return value
  }

  /// Reads `%0 = load b0[d0] : f32`.
  mutating func instruction(_ reader: inout BlockReader) throws(Diagnostic) {
    let place = token
    let name = try name(.value)
    if reader.values[name] != nil { throw error("'%\(name)' is there already", at: place) }
    try expect(.equal)
    let operation = try expect(.word)
    let instruction: ScalarProgram.Instruction
    var type: ElementType?
    if text(operation) == "constant" {
      let value = token
      if ![.word, .integer, .float].contains(value.kind) { throw unexpected("a number, 'true' or 'false'") }
      advance()
      type = try typeSuffix()
      instruction = .constant(try scalar(value, type!))
    } else {
      instruction = try body(of: operation, reader)
    }
    let resultType: ElementType
    if let type { resultType = type } else { resultType = try typeSuffix() }
    let final: ScalarProgram.Instruction
    if case .convert(let x, _) = instruction { final = .convert(x, resultType) } else { final = instruction }
    let number = reader.block.program.append(final, resultType)
    note(.instruction(kernel: kernelNumber, part: reader.part, number), at: place)
    reader.values[name] = number
  }

  /// Reads `: f32`.
  private mutating func typeSuffix() throws(Diagnostic) -> ElementType {
    try expect(.colon)
    return try oneOf(ElementType.self)
  }

  /// Reads what follows the name of an instruction other than a constant.
  private mutating func body(
    of operation: Token, _ reader: BlockReader
  ) throws(Diagnostic) -> ScalarProgram.Instruction {
    let name = text(operation)
    switch name {
    case "input": return .input(try count())
    case "local": return .local(try count())
    case "index": return .index(try numbered("d", below: reader.scope.axisCount))
    case "load": return .load(try access(reader))
    case "convert": return .convert(try operand(reader), .i1)
    case "select", "fma":
      let (x, y, z) = try threeOperands(reader)
      return name == "fma" ? .fma(x, y, z) : .select(x, y, z)
    case "random":
      let (seed, step, index) = try threeOperands(reader)
      try expect(.leftBrace)
      try expect(word: "stream")
      try expect(.equal)
      let place = token
      guard let stream = UInt32(exactly: try integer()) else {
        throw error("the stream does not fit in 32 bits", at: place)
      }
      try expect(.rightBrace)
      return .random(seed: seed, step: step, index: index, stream: stream)
    default: break
    }
    if let op = UnaryOperator(rawValue: name) { return .unary(op, try operand(reader)) }
    let isBinary = BinaryOperator(rawValue: name) != nil
    guard isBinary || Comparison(rawValue: name) != nil else {
      throw error("there is no instruction '\(name)'", at: operation)
    }
    let x = try operand(reader)
    try expect(.comma)
    let y = try operand(reader)
    return isBinary ? .binary(BinaryOperator(rawValue: name)!, x, y) : .compare(Comparison(rawValue: name)!, x, y)
  }

  /// Reads `%0, %1, %2`.
  private mutating func threeOperands(_ reader: BlockReader) throws(Diagnostic) -> (Int, Int, Int) {
    let x = try operand(reader)
    try expect(.comma)
    let y = try operand(reader)
    try expect(.comma)
    return (x, y, try operand(reader))
  }

  /// Reads `b0[8*d0 + 1] if 0 <= d0 - 1 < 8 else 0.0`; an `else` is a scalar of the buffer's type.
  mutating func access(_ reader: BlockReader) throws(Diagnostic) -> Access {
    let scope = reader.scope
    let buffer = try numbered("b", below: scope.buffers.count)
    var access = Access(buffer: buffer, strides: [])
    try expect(.leftBracket)
    access.element = try affine(scope, indices: &access.indices, reader)
    try expect(.rightBracket)
    if accept(word: "if") {
      repeat { access.guards.append(try accessGuard(reader)) } while accept(.comma)
    }
    if accept(word: "else") {
      access.fill = try scalar(advance(), scope.buffers[buffer].element)
    }
    return access
  }

  /// Reads `0 <= d0 - 1 < 8`.
  private mutating func accessGuard(_ reader: BlockReader) throws(Diagnostic) -> AffineGuard {
    let place = token
    if try integer() != 0 { throw error("a guard starts with '0 <='", at: place) }
    try expect(.less)
    try expect(.equal)
    var indices: [Access.IndexTerm] = []
    let start = token
    let expression = try affine(reader.scope, indices: &indices, reader)
    if !indices.isEmpty { throw error("a guard is of coordinates only", at: start) }
    try expect(.less)
    return AffineGuard(expression, below: try integer())
  }

  /// Reads `8*d0 - d1 + 2*(d2 div 4 mod 3) + %4*2 + 3`.
  private mutating func affine(
    _ scope: KernelScope, indices: inout [Access.IndexTerm], _ reader: BlockReader
  ) throws(Diagnostic) -> AffineExpression {
    var offset: Int?
    var coefficients = [Int](repeating: 0, count: scope.axisCount)
    var digits: [AffineExpression.Digit] = []
    var known: Set<AffineExpression.Digit> = []
    var isFirst = true
    while true {
      var isNegative = false
      if accept(.minus) {
        isNegative = true
      } else if !accept(.plus), !isFirst {
        return AffineExpression(offset: offset ?? 0, coefficients: coefficients, digits: digits)
      }
      isFirst = false
      let place = token
      if token.kind == .value {
        let value = try operand(reader)
        try expect(.star)
        indices.append(Access.IndexTerm(value: value, stride: try integer(isNegative: isNegative)))
        continue
      }
      let factor = token.kind == .integer ? try integer(isNegative: isNegative) : (isNegative ? -1 : 1)
      if place.kind == .integer, !accept(.star) {
        if offset != nil { throw error("the offset is there already", at: place) }
        offset = factor
        continue
      }
      if token.kind == .leftParenthesis {
        let digit = try digit(factor, reader)
        var number = digit
        number.coefficient = 1
        if !known.insert(number).inserted { throw error("this digit is there already", at: place) }
        digits.append(digit)
        continue
      }
      let axis = try numbered("d", below: scope.axisCount)
      if coefficients[axis] != 0 { throw error("'d\(axis)' is there already", at: place) }
      coefficients[axis] = factor
    }
  }

  /// Reads `(d0 div 4)`, `(d0 mod 3)`, `((8*d0 + d1) div 4 mod 3)`.
  private mutating func digit(_ coefficient: Int, _ reader: BlockReader) throws(Diagnostic) -> AffineExpression.Digit {
    try expect(.leftParenthesis)
    let start = token
    let dividend: AffineExpression
    if accept(.leftParenthesis) {
      var indices: [Access.IndexTerm] = []
      dividend = try affine(reader.scope, indices: &indices, reader)
      if !indices.isEmpty { throw error("a digit is of coordinates only", at: start) }
      if !dividend.isLinear { throw error("a digit of digits", at: start) }
      try expect(.rightParenthesis)
    } else {
      dividend = .axis(try numbered("d", below: reader.scope.axisCount), rank: reader.scope.axisCount)
    }
    var (divisor, modulus): (Int, Int?) = (1, nil)
    let place = token
    if accept(word: "div") { divisor = try integer() }
    if accept(word: "mod") { modulus = try integer() }
    if token.start == place.start { throw unexpected("'div' or 'mod'") }
    try expect(.rightParenthesis)
    return AffineExpression.Digit(coefficient, dividend, divisor: divisor, modulus: modulus)
  }

  /// The scalar of `type` that a token spells: a decimal, `true`, or the bits of a float in hexadecimal.
  private func scalar(_ token: Token, _ type: ElementType) throws(Diagnostic) -> Scalar {
    do throws(Diagnostic) { return try Scalar(parsing: text(token), as: type) } catch {
      throw error.located(at: file.location(ofByte: token.start))
    }
  }
}
