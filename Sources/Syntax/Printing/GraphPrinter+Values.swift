import FraguaGraph
import FraguaSource
import FraguaTensors

/// Attributes, constants, locations.
extension GraphPrinter {
  /// An attribute's value; a constant's type is left out where it is `knownType`.
  func value(_ value: Attribute, _ knownType: TensorType?) -> String {
    if case .tensor(let tensor) = value { return constant(tensor, knownType: knownType) }
    return Self.value(value)
  }

  /// An attribute's value, whole.
  private static func value(_ value: Attribute) -> String {
    switch value {
    case .integer(let n): "\(n)"
    case .float(let x): scalar(Scalar(x))
    case .element(let scalar): self.scalar(scalar)
    case .boolean(let b): "\(b)"
    case .keyword(let word): word
    case .integers(let list): "[\(list.map(String.init).joined(separator: ", "))]"
    case .numbers(let list): "[\(list.map { scalar(Scalar($0)) }.joined(separator: ", "))]"
    case .keywords(let words): "[\(words.joined(separator: ", "))]"
    case .elementType(let type): type.rawValue
    case .type(let type): "\(type)"
    case .tensor(let tensor): "\(dense(tensor)) : \(tensor.type)"
    case .symbol(let name): "@\(name)"
    case .symbols(let names): "[\(names.map { "@" + $0 }.joined(separator: ", "))]"
    }
  }

  /// A word with all its attributes by name: `adam(beta_1 = 0.9, ...)`.
  static func use(_ name: String, _ attributes: Attributes) -> String {
    if attributes.isEmpty { return name }
    let entries = attributes.sorted { $0.key < $1.key }.map { "\($0.key) = \(value($0.value))" }
    return "\(name)(\(entries.joined(separator: ", ")))"
  }

  /// `dense<...>`, with its type unless that is `knownType`.
  func constant(_ value: ConstantValue, knownType: TensorType?) -> String {
    let isLarge = value.splat == nil && value.tensor.count > Self.listLimit
    let text = options.elidesConstants && isLarge ? "dense<\"...\">" : Self.dense(value)
    return value.type == knownType ? text : "\(text) : \(value.type)"
  }

  /// Constants of more elements are written as bytes.
  private static let listLimit = 32

  /// `dense<...>` without its type.
  private static func dense(_ value: ConstantValue) -> String {
    if let splat = value.splat { return "dense<\(scalar(splat))>" }
    let tensor = value.tensor
    if tensor.count > listLimit { return "dense<\"0x\(hexadecimal(tensor))\">" }
    // A pair of brackets for each axis; row by row, so that no rank is too deep.
    var text = ""
    let strides = rowMajorStrides(tensor.extents)
    for i in 0..<tensor.count {
      let opened = strides.indices.count { i % (strides[$0] * tensor.extents[$0]) == 0 }
      if i > 0 { text += ", " }
      text += String(repeating: "[", count: opened) + scalar(tensor[i])
      text += String(repeating: "]", count: strides.indices.count { (i + 1) % (strides[$0] * tensor.extents[$0]) == 0 })
    }
    return "dense<\(text)>"
  }

  /// The elements' bytes, little-endian.
  private static func hexadecimal(_ tensor: Tensor) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    tensor.withBytes { bytes in
      text.reserveCapacity(2 * bytes.count)
      for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// An element: the shortest decimal that reads back the same, or the bits where there is none.
  private static func scalar(_ scalar: Scalar) -> String {
    scalar.isFinite ? scalar.digits : scalar.hexadecimal()
  }

  /// ` loc(...)`, where locations are wanted.
  func location(_ origin: Origin) -> String { options.locations ? " loc(\(Self.origin(origin)))" : "" }

  private static func origin(_ origin: Origin) -> String {
    switch origin {
    case .unknown: "unknown"
    case .written(let place): "\(quotedString(place.file)):\(place.line):\(place.column)"
    case .gradient(let origin): "gradient(\(self.origin(origin)))"
    case .fused(let origins): "fused(\(origins.map(self.origin).joined(separator: ", ")))"
    }
  }
}

/// `text` as a string of the language; control characters, which a string cannot hold, become what is seen of them.
func quotedString(_ text: String) -> String {
  var result = "\""
  for character in text.visible(keepsTabs: false).unicodeScalars {
    switch character {
    case "\"", "\\": result += "\\\(character)"
    default: result.unicodeScalars.append(character)
    }
  }
  return result + "\""
}
