import FraguaGraph
import FraguaKernels

/// Fusing a whole function into one region.
extension LanesForm {
  /// The function with all its nodes in one region.
  static func asOneRegion(_ function: Function) -> Function {
    var rewriter = FunctionRewriter(function)
    var body = FunctionBuilder(name: "region")
    var map: [ValueID: Value] = [:]
    var inputs: [Value] = []
    for argument in function.arguments {
      map[argument.id] = body.argument(function.valueNames[argument.id], argument.type)
      inputs.append(argument)
    }
    // In the order of their first use, which is all that a dump says of them.
    let parameters = Dictionary(uniqueKeysWithValues: function.parameterReads.map { ($0.value.id, $0.parameter) })
    for operand in function.nodes.flatMap(\.operands) where map[operand.id] == nil {
      guard let parameter = parameters[operand.id] else { continue }
      map[operand.id] = body.argument(parameter, operand.type)
      inputs.append(operand)
    }
    var defined: Set<ValueID> = []
    for node in function.nodes {
      body.origin = node.origin
      let results = body.append(
        node.kind, node.operands.map { map[$0.id]! }, node.attributes, types: node.results.map(\.type))
      for (old, new) in zip(node.results, results) {
        map[old.id] = new
        defined.insert(old.id)
        if let name = function.valueNames[old.id] { body.name(new, name) }
      }
    }
    var outputs: [Value] = []
    for value in function.results + function.updates.map(\.value) where defined.remove(value.id) != nil {
      outputs.append(value)
    }
    guard !outputs.isEmpty else { return function }
    body.setResults(outputs.map { map[$0.id]! })
    rewriter.builder.origin = .fused(function.nodes.map(\.origin).filter { $0 != .unknown })
    let results = rewriter.builder.append(
      .fused(function.name, Region(body.function)), rewriter.mapped(inputs),
      ["form": .keyword(Kernel.Form.lanes.rawValue), "arguments": .integer(function.arguments.count)],
      types: outputs.map(\.type))
    for (old, new) in zip(outputs, results) { rewriter.replace(old, with: new) }
    return rewriter.finish()
  }

  /// What ``Fusion`` says about each edge of `function` where this form is worthwhile.
  func decisions(_ function: Function) -> [FusionDecision] {
    let reason =
      "the whole function is one region, a row a lane: about \(instructionCount) instructions, at most "
      + "\(Self.instructionLimit)"
    let kept = Set((function.results + function.updates.map(\.value)).map(\.id))
    var producers: Set<ValueID> = []
    var decisions: [FusionDecision] = []
    for node in function.nodes {
      var seen: Set<ValueID> = []
      for operand in node.operands where producers.contains(operand.id) && seen.insert(operand.id).inserted {
        let size = operand.type.byteCount
        decisions.append(
          FusionDecision(
            producer: operand, consumer: node.results[0], verdict: .fused, reason: reason,
            bytes: kept.contains(operand.id) ? size : 2 * size, isWritten: kept.contains(operand.id)))
      }
      producers.formUnion(node.results.map(\.id))
    }
    return decisions
  }
}
