import Fragua

/// A function as Graphviz draws it: a box for each fused region with its operations, ovals for what goes in and comes
/// out.
enum GraphvizText {
  /// The text for `dot`.
  static func text(_ function: Function) -> String {
    var lines = [
      "digraph \(quoted(function.name)) {",
      "  rankdir = TB; node [fontname = \"Helvetica\", fontsize = 11]; edge [fontname = \"Helvetica\", fontsize = 9];",
    ]
    // The Graphviz node that defines each value.
    var source: [ValueID: String] = [:]
    for (index, argument) in function.arguments.enumerated() {
      source[argument.id] = "argument\(index)"
      let label = "%\(function.valueNames[argument.id] ?? "arg\(index)")\n\(argument.type)"
      lines.append(
        "  argument\(index) [shape = ellipse, style = filled, fillcolor = lightblue, label = \(quoted(label))];")
    }
    for (index, read) in function.parameterReads.enumerated() {
      source[read.value.id] = "parameter\(index)"
      let label = "@\(read.parameter)\n\(read.value.type)"
      lines.append(
        "  parameter\(index) [shape = ellipse, style = filled, fillcolor = lightyellow, label = \(quoted(label))];")
    }
    for (index, node) in function.nodes.enumerated() {
      lines.append("  node\(index) [shape = box, style = rounded, label = \(quoted(label(of: node)))];")
      var seen: Set<ValueID> = []
      for operand in node.operands where seen.insert(operand.id).inserted {
        lines.append("  \(source[operand.id] ?? "unknown") -> node\(index) [label = \(quoted("\(operand.type)"))];")
      }
      for result in node.results { source[result.id] = "node\(index)" }
    }
    for (index, result) in function.results.enumerated() {
      let name =
        switch function.resultRoles.indices.contains(index) ? function.resultRoles[index] : .plain {
        case .loss: "loss"
        case .metric(let name): name
        case .plain: "%" + (function.valueNames[result.id] ?? "result\(index)")
        }
      lines.append(
        "  result\(index) [shape = ellipse, style = filled, fillcolor = lightgreen, label = \(quoted("return " + name))];"
      )
      lines.append("  \(source[result.id] ?? "unknown") -> result\(index);")
    }
    for (index, update) in function.updates.enumerated() {
      lines.append(
        "  update\(index) [shape = ellipse, style = filled, fillcolor = lightpink, label = \(quoted("update @" + update.parameter))];"
      )
      lines.append("  \(source[update.value.id] ?? "unknown") -> update\(index);")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// A region's name, form and operations, or an operation's name.
  private static func label(of node: Node) -> String {
    guard case .fused(let name, let region) = node.kind else { return node.name }
    var counts: [(name: String, count: Int)] = []
    for inner in region.function.nodes {
      if let known = counts.firstIndex(where: { $0.name == inner.name }) {
        counts[known].count += 1
      } else {
        counts.append((inner.name, 1))
      }
    }
    let form = node.attributes["form"].map { if case .keyword(let word) = $0 { " (\(word))" } else { "" } } ?? ""
    return "@\(name)\(form)\n"
      + counts.map { $0.count > 1 ? "\($0.count) × \($0.name)" : $0.name }.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }
}
