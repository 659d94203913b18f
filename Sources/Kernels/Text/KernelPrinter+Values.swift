import FraguaSource
import FraguaTensors

extension KernelPrinter {
  /// The text of an instruction without its type.
  static func text(of instruction: ScalarProgram.Instruction) -> String {
    switch instruction {
    case .constant(let scalar): "constant \(text(of: scalar))"
    case .input(let i): "input \(i)"
    case .local(let i): "local \(i)"
    case .index(let axis): "index d\(axis)"
    case .load(let access): "load \(text(of: access))"
    case .unary(let op, let x): "\(op.rawValue) %\(x)"
    case .binary(let op, let x, let y): "\(op.rawValue) %\(x), %\(y)"
    case .compare(let op, let x, let y): "\(op.rawValue) %\(x), %\(y)"
    case .select(let condition, let x, let y): "select %\(condition), %\(x), %\(y)"
    case .convert(let x, _): "convert %\(x)"
    case .fma(let x, let y, let z): "fma %\(x), %\(y), %\(z)"
    case .random(let seed, let step, let index, let stream):
      "random %\(seed), %\(step), %\(index) {stream = \(stream)}"
    }
  }

  /// `b0[8*d0 + d1 - 3] if 0 <= d0 - 1 < 8 else 0.0`.
  static func text(of access: Access) -> String {
    let indices = access.indices.map { (name: "%\($0.value)", factor: $0.stride) }
    var text = "b\(access.buffer)[\(affine(access.element, indices))]"
    if !access.guards.isEmpty {
      let guards = access.guards.map { "0 <= \(affine($0.expression)) < \($0.bound)" }
      text += " if " + guards.joined(separator: ", ")
    }
    if let fill = access.fill { text += " else \(Self.text(of: fill))" }
    return text
  }

  /// `8*d0 + d1 + 2*(d2 div 4 mod 3) + %4*2 - 3`.
  private static func affine(
    _ expression: AffineExpression, _ indices: [(name: String, factor: Int)] = []
  ) -> String {
    var text = ""
    func add(_ isNegative: Bool, _ term: String) {
      if text.isEmpty {
        text = isNegative ? "-" + term : term
      } else {
        text += (isNegative ? " - " : " + ") + term
      }
    }
    let scaled = { (factor: Int, term: String) in factor.magnitude == 1 ? term : "\(factor.magnitude)*\(term)" }
    for (axis, factor) in expression.coefficients.enumerated() where factor != 0 {
      add(factor < 0, scaled(factor, "d\(axis)"))
    }
    for digit in expression.digits { add(digit.coefficient < 0, scaled(digit.coefficient, Self.text(of: digit))) }
    for index in indices { add(index.factor < 0, "\(index.name)*\(index.factor.magnitude)") }
    let offset = expression.offset
    if offset != 0 || text.isEmpty { add(offset < 0, "\(offset.magnitude)") }
    return text
  }

  /// `(d0 div 4 mod 3)`; what is divided stands between parentheses of its own unless it is one coordinate.
  private static func text(of digit: AffineExpression.Digit) -> String {
    var text = affine(digit.dividend)
    if digit.dividend.offset != 0 || digit.dividend.coefficients.filter({ $0 != 0 }) != [1] { text = "(\(text))" }
    if digit.divisor != 1 || digit.modulus == nil { text += " div \(digit.divisor)" }
    if let modulus = digit.modulus { text += " mod \(modulus)" }
    return "(\(text))"
  }

  /// The shortest decimal that is read back as the same bits; infinities and NaN as their bits, `0x7f800000`.
  static func text(of scalar: Scalar) -> String {
    scalar.isFinite ? scalar.digits : scalar.hexadecimal(uppercase: false)
  }

  /// `text` between quotation marks, control characters escaped.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.isControl: result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Quoted names with commas.
  static func list(_ names: [String]) -> String { names.map(quoted).joined(separator: ", ") }
}
