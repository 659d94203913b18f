import Fragua
import FraguaSource

/// A JSON value whose objects keep the order of their keys.
enum JSON {
  case string(String)
  case number(Double)
  case integer(Int)
  case boolean(Bool)
  case null
  case array([JSON])
  case object([(String, JSON)])

  /// A number, or null where it is none that JSON can write.
  init(_ value: Double?) { self = value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }

  /// The value on one line.
  var text: String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to result: inout String) {
    switch self {
    case .string(let string): result += Self.quoted(string)
    case .number(let value): result += Self.written(value)
    case .integer(let value): result += String(value)
    case .boolean(let value): result += value ? "true" : "false"
    case .null: result += "null"
    case .array(let elements):
      result += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { result += "," }
        element.write(to: &result)
      }
      result += "]"
    case .object(let members):
      result += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { result += ", " }
        result += Self.quoted(member.0) + ": "
        member.1.write(to: &result)
      }
      result += "}"
    }
  }

  /// The shortest number that reads as `value`.
  private static func written(_ value: Double) -> String {
    if let integer = Int(exactly: value), integer.magnitude < 1 << 53 { return String(integer) }
    return value.description
  }

  private static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.isControl:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension JSON {
  /// A tensor as nested arrays; what is no number becomes null.
  init(_ tensor: Tensor) { self.init(tensor, 0..<tensor.count, tensor.extents[...]) }

  /// Row `row` of a tensor.
  init(_ tensor: Tensor, row: Int) {
    let size = tensor.count / tensor.extents[0]
    self.init(tensor, (row * size)..<((row + 1) * size), tensor.extents.dropFirst())
  }

  /// The elements `range` of a tensor in the shape `extents`.
  private init(_ tensor: Tensor, _ range: Range<Int>, _ extents: ArraySlice<Int>) {
    let elements = range.map { i -> JSON in
      let scalar = tensor[i]
      switch tensor.element.kind {
      case .boolean: return .boolean(scalar.integer != 0)
      case .signed, .unsigned: return .integer(Int(scalar.integer))
      // An f32 is written with as many digits as an f32 needs.
      case .float: return JSON(Double(scalar.digits))
      }
    }
    self = Self.nested(elements[...], extents)
  }

  private static func nested(_ elements: ArraySlice<JSON>, _ extents: ArraySlice<Int>) -> JSON {
    guard let first = extents.first else { return elements.first ?? .null }
    let size = extents.dropFirst().reduce(1, *)
    return .array(
      (0..<first).map { i in
        nested(elements[(elements.startIndex + i * size)..<(elements.startIndex + (i + 1) * size)], extents.dropFirst())
      })
  }

  /// A diagnostic.
  init(_ error: Diagnostic) {
    var members: [(String, JSON)] = [
      ("severity", .string(error.severity.rawValue)), ("message", .string(error.message)),
    ]
    members += Self.place(error.location)
    members.append(
      (
        "notes",
        .array(error.notes.map { .object([("message", .string($0.message))] + Self.place($0.location)) })
      ))
    self = .object(members)
  }

  private static func place(_ location: SourceLocation?) -> [(String, JSON)] {
    guard let location else { return [] }
    return [
      ("file", .string(location.file.shortened(to: 4096))), ("line", .integer(location.line)),
      ("column", .integer(location.column)),
    ]
  }
}
