import Fragua
import FraguaSource

/// What one run of a function gave.
struct RunOutcome {
  let results: [(name: String, tensor: Tensor)]
  /// All parameters before the run.
  let parameters: [String: Tensor]
  /// Those that the run updated.
  let updated: [String: Tensor]

  init(results: [(String, Tensor)], parameters: [String: Tensor], updated: [String: Tensor]) {
    self.results = zip(Self.unique(results.map(\.0)), results).map { (name: $0, tensor: $1.1) }
    self.parameters = parameters
    self.updated = updated.filter { name, tensor in parameters[name].map { !$0.hasSameBits(as: tensor) } ?? true }
  }

  /// `names`, each once, so that no result is saved over another: of equal names the later ones get their number.
  private static func unique(_ names: [String]) -> [String] {
    var taken = Set(names)
    var seen: Set<String> = []
    return names.enumerated().map { index, name in
      if seen.insert(name).inserted { return name }
      var number = index
      while !taken.insert("\(name)_\(number)").inserted { number += 1 }
      return "\(name)_\(number)"
    }
  }

  /// Prints the results.
  func print(json: Bool) {
    for (name, tensor) in results {
      if json {
        Console.print(
          JSON.object([("name", .string(name)), ("type", .string("\(tensor.type)")), ("value", JSON(tensor))]).text)
      } else {
        Console.print(bold: "%\(name)", " : \(tensor.type)\n" + TensorText.text(tensor))
      }
    }
    if !updated.isEmpty, !json {
      let names = updated.keys.sorted()
      let list = names.prefix(4).map { "@" + $0 }.joined(separator: ", ") + (names.count > 4 ? ", …" : "")
      Console.remark(Diagnostic.Note("\(list) would be updated; --out DIR saves the parameters and the results"))
    }
  }

  /// Saves the results as `NAME.npy`, and the parameters where some were updated; then tells which files.
  func save(to folder: OutputFolder, json: Bool) throws(Diagnostic) {
    for (name, _) in results where !name.isIdentifier {
      throw Diagnostic("the result '\(name)' cannot be saved: its name is none that a file can have")
    }
    try folder.make()
    var lines: [String] = []
    for (name, tensor) in results {
      let path = "\(folder.path)/\(name).npy"
      try NPY.write(tensor, to: path)
      lines.append(
        json
          ? JSON.object([("name", .string(name)), ("type", .string("\(tensor.type)")), ("out", .string(path))]).text
          : "wrote \(Console.name(path)), a \(tensor.type)")
    }
    if !updated.isEmpty {
      let all = parameters.merging(updated) { _, new in new }
      let path = "\(folder.path)/\(Checkpoint.fileName)"
      try Checkpoint(parameters: all).write(to: path)
      lines.append(json ? JSON.object([("parameters", .string(path))]).text : "wrote \(Console.name(path))")
    }
    // Only now: a reader that goes away ends the command.
    for line in lines { Console.print(line) }
  }
}
