import FraguaGraph

/// How the values of a function are written.
public struct ValueNames {
  private var names: [ValueID: String] = [:]

  /// Names all values in the order of their definition; a region's arguments need no names.
  public init(_ function: Function, isRegion: Bool = false) {
    for read in function.parameterReads { names[read.value.id] = "@" + read.parameter }
    var wanted: [(id: ValueID, name: String)] = []
    for (argument, name) in zip(function.arguments, function.argumentNames) {
      wanted.append((argument.id, isRegion ? function.valueNames[argument.id] ?? "" : name))
    }
    for node in function.nodes {
      for result in node.results { wanted.append((result.id, function.valueNames[result.id] ?? "")) }
    }
    let clean = wanted.map { Self.writable($0.name) }
    var unique = UniqueNames(taken: Set(clean))
    var used: Set<String> = []
    var number = 0
    for ((id, _), name) in zip(wanted, clean) {
      if name.isEmpty {
        names[id] = "%\(number)"
        number += 1
        continue
      }
      names[id] = "%" + (used.insert(name).inserted ? name : unique.takeFree(like: name))
    }
  }

  /// The name of `value`; a value that is not defined, in a graph that is wrong, shows its id.
  public subscript(_ value: Value) -> String { names[value.id] ?? "%undefined.\(value.id)" }

  /// `%a, %b`.
  func list(_ values: [Value]) -> String { values.map { self[$0] }.joined(separator: ", ") }

  /// `name` with what a name cannot hold replaced; empty for numbers, which are not names.
  private static func writable(_ name: String) -> String {
    if name.isNumber { return "" }
    let bytes = name.utf8.map { byte in
      let isAllowed =
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
        || byte == UInt8(ascii: ".")
      return isAllowed ? byte : UInt8(ascii: "_")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
