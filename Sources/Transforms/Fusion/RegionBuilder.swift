import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors
import HeapModule

/// Writes the function that a fusion plan describes: one fused node a group, in an order that respects data and keeps
/// parameters readable until their update.
struct RegionBuilder {
  private let planner: FusionPlanner
  private let function: Function
  /// The groups that are there, in the order of their first nodes.
  private let live: [Int]
  /// The names of the parameters whose values at entry are inputs, by value.
  private let parameterNames: [ValueID: String]

  init(_ planner: FusionPlanner) {
    self.planner = planner
    function = planner.function
    parameterNames = Dictionary(
      function.parameterReads.map { ($0.value.id, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    live = planner.groups.indices.filter { !planner.groups[$0].nodes.isEmpty }
  }

  /// The function with fused nodes.
  func build() -> Function {
    let contents = Dictionary(uniqueKeysWithValues: live.map { ($0, content(of: $0)) })
    let needed = valuesNeededOutside(contents)
    var rewriter = FunctionRewriter(function)
    var names = UniqueNames()
    var emittedAliases: Set<Int> = []
    for group in order(contents) {
      let nodes = contents[group]!
      for value in nodes.inputs { emitAliases(of: value, &rewriter, &emittedAliases) }
      emit(group, nodes, needed, &rewriter, &names)
    }
    for value in function.results + function.updates.map(\.value) { emitAliases(of: value, &rewriter, &emittedAliases) }
    return rewriter.finish()
  }

  /// The nodes of a region and the values it reads.
  private struct Content {
    /// Own nodes and copies of deferred ones, ascending.
    var nodes: [Int]
    /// Values from outside, in order of first use.
    var inputs: [Value]
  }

  private func content(of group: Int) -> Content {
    var nodes = Set(planner.groups[group].nodes)
    var stack = planner.groups[group].nodes
    while let index = stack.popLast() {
      for (position, operand) in function.nodes[index].operands.enumerated() {
        guard let producer = planner.producers[operand.id], planner.isDeferred[producer],
          !planner.isTable(position, of: function.nodes[index])
        else { continue }
        if nodes.insert(producer).inserted { stack.append(producer) }
      }
    }
    let sorted = nodes.sorted()
    var inputs: [Value] = []
    var known: Set<ValueID> = []
    for index in sorted {
      for (position, operand) in function.nodes[index].operands.enumerated() {
        if let producer = planner.producers[operand.id], nodes.contains(producer),
          !planner.isTable(position, of: function.nodes[index])
        {
          continue
        }
        if known.insert(operand.id).inserted { inputs.append(operand) }
      }
    }
    return Content(nodes: sorted, inputs: inputs)
  }

  /// The values that cross from a region to another, to an alias, or out of the function.
  private func valuesNeededOutside(_ contents: [Int: Content]) -> Set<ValueID> {
    var needed = Set(function.results.map(\.id) + function.updates.map(\.value.id))
    for content in contents.values { needed.formUnion(content.inputs.map(\.id)) }
    for index in function.nodes.indices where planner.isAlias[index] {
      needed.formUnion(function.nodes[index].operands.map(\.id))
    }
    return needed
  }

  // MARK: Order

  /// The groups in an order that respects data; among those that are ready, the one whose first node comes first. A
  /// region that updates a parameter waits for those that read its old value, unless they wait for it.
  private func order(_ contents: [Int: Content]) -> [Int] {
    var readers: [ValueID: [Int]] = [:]  // parameter value -> groups
    var waits: [Int: Set<Int>] = [:]  // group -> groups that must come before
    var softWaits: [Int: Set<Int>] = [:]
    for group in live {
      waits[group] = []
      for input in contents[group]!.inputs {
        if let other = planner.groupOf(input), other != group { waits[group]!.insert(other) }
        readers[root(of: input).id, default: []].append(group)
      }
    }
    let reads = Dictionary(
      function.parameterReads.map { ($0.parameter, $0.value.id) }, uniquingKeysWith: { first, _ in first })
    for update in function.updates {
      guard let writer = planner.groupOf(update.value), let read = reads[update.parameter] else { continue }
      softWaits[writer, default: []].formUnion((readers[read] ?? []).filter { $0 != writer })
    }
    return sorted(waits, softWaits)
  }

  /// The argument or the region's value that `value` names, seen through aliases.
  private func root(of value: Value) -> Value {
    var value = value
    while let producer = planner.producers[value.id], planner.isAlias[producer] {
      value = function.nodes[producer].operands[0]
    }
    return value
  }

  private func sorted(_ waits: [Int: Set<Int>], _ softWaits: [Int: Set<Int>]) -> [Int] {
    var hardCount: [Int: Int] = [:]
    var softCount: [Int: Int] = [:]
    var hardFollowers: [Int: [Int]] = [:]
    var softFollowers: [Int: [Int]] = [:]
    for group in live {
      hardCount[group] = waits[group]!.count
      softCount[group] = softWaits[group]?.count ?? 0
      for other in waits[group]!.sorted() { hardFollowers[other, default: []].append(group) }
      for other in (softWaits[group] ?? []).sorted() { softFollowers[other, default: []].append(group) }
    }
    let key = { (group: Int) in planner.groups[group].first }
    var ready = Heap(live.filter { hardCount[$0] == 0 && softCount[$0] == 0 }.map { Ready(key: key($0), group: $0) })
    var stuck = Set(live.filter { hardCount[$0] == 0 && softCount[$0]! > 0 })
    var result: [Int] = []
    var done: Set<Int> = []
    while result.count < live.count {
      let group: Int
      if let next = ready.popMin() {
        group = next.group
      } else {
        // Only waits for readers of parameters are left; dropping one costs a copy, not correctness.
        guard let next = stuck.min(by: { key($0) < key($1) }) else { preconditionFailure("the regions form a cycle") }
        group = next
      }
      stuck.remove(group)
      if !done.insert(group).inserted { continue }
      result.append(group)
      for follower in hardFollowers[group] ?? [] {
        hardCount[follower]! -= 1
        if hardCount[follower] == 0 {
          if softCount[follower] == 0 {
            ready.insert(Ready(key: key(follower), group: follower))
          } else {
            stuck.insert(follower)
          }
        }
      }
      for follower in softFollowers[group] ?? [] {
        softCount[follower]! -= 1
        if softCount[follower] == 0, hardCount[follower] == 0, !done.contains(follower) {
          stuck.remove(follower)
          ready.insert(Ready(key: key(follower), group: follower))
        }
      }
    }
    return result
  }

  // MARK: Writing

  private func emitAliases(of value: Value, _ rewriter: inout FunctionRewriter, _ emitted: inout Set<Int>) {
    guard let producer = planner.producers[value.id], planner.isAlias[producer], emitted.insert(producer).inserted
    else {
      return
    }
    emitAliases(of: function.nodes[producer].operands[0], &rewriter, &emitted)
    rewriter.copy(function.nodes[producer])
  }

  private func emit(
    _ group: Int, _ content: Content, _ needed: Set<ValueID>, _ rewriter: inout FunctionRewriter,
    _ names: inout UniqueNames
  ) {
    var outputs: [Value] = []
    let own = Set(planner.groups[group].nodes)
    for index in content.nodes where own.contains(index) {
      outputs += function.nodes[index].results.filter { needed.contains($0.id) }
    }
    var body = FunctionBuilder(name: "region")
    var inputs: [ValueID: Value] = [:]
    for input in content.inputs { inputs[input.id] = body.argument(inputName(input), input.type) }
    var map = inputs
    for index in content.nodes {
      let node = function.nodes[index]
      body.origin = node.origin
      // A table is read from memory even where the region has a copy of what computes it.
      let operands = node.operands.enumerated().map { position, operand in
        planner.isTable(position, of: node) ? inputs[operand.id]! : map[operand.id]!
      }
      let results = body.append(node.kind, operands, node.attributes, types: node.results.map(\.type))
      for (old, new) in zip(node.results, results) {
        map[old.id] = new
        if let name = function.valueNames[old.id] { body.name(new, name) }
      }
    }
    body.setResults(outputs.map { map[$0.id]! })

    let origins = content.nodes.filter(own.contains).map { function.nodes[$0].origin }.filter { $0 != .unknown }
    rewriter.builder.origin = origins.isEmpty ? .unknown : .fused(origins)
    // A region is called like the first of its values that has a name.
    let name = names.take(outputs.lazy.compactMap { function.valueNames[$0.id] }.first ?? "region")
    var attributes: Attributes = ["form": .keyword(form(of: group, content, outputs).rawValue)]
    if outputs.contains(where: { planner.groups[group].placements[$0.id] != nil }) {
      attributes["space"] = .integers(planner.groups[group].space)
      attributes["strides"] = .integers(outputs.flatMap { strides(of: $0, in: planner.groups[group]) })
    }
    let results = rewriter.builder.append(
      .fused(name, Region(body.function)), rewriter.mapped(content.inputs), attributes, types: outputs.map(\.type))
    for (old, new) in zip(outputs, results) { rewriter.replace(old, with: new) }
  }

  /// The form of a region that stores `outputs`: where one sweep over the rows is enough, it is a `reduce`.
  private func form(of group: Int, _ content: Content, _ outputs: [Value]) -> Kernel.Form {
    let form = planner.groups[group].form
    guard form == .rows, outputs.allSatisfy({ planner.isRowValue($0, planner.groups[group]) }) else { return form }
    var sweeps: [ValueID: Int] = [:]
    for index in content.nodes {
      let node = function.nodes[index]
      let before = node.operands.compactMap { sweeps[$0.id] }.max() ?? 0
      let isReduction = if case .reduction = planner.roles[index] { true } else { false }
      for result in node.results { sweeps[result.id] = before + (isReduction ? 1 : 0) }
    }
    return sweeps.values.max() == 1 ? .reduce : .rows
  }

  /// How far apart in memory the elements of `value` lie along the axes of the region's space.
  private func strides(of value: Value, in group: FusionGroup) -> [Int] {
    // A sum that runs beside a product has axes of its own.
    guard let placement = group.placement(of: value) else { return group.space.map { _ in 0 } }
    let place = AffineExpression.sum(0, rowMajorStrides(value.type.extents), placement, rank: group.space.count)
    precondition(place.isLinear, "a region stores a value at digits of its coordinates")
    return place.coefficients
  }

  private func inputName(_ value: Value) -> String? {
    if let name = function.valueNames[value.id] { return name }
    return parameterNames[value.id]
  }
}

/// A group whose operands are all there, in a heap by the place of its first node.
private struct Ready: Comparable {
  let key: Int
  let group: Int

  static func < (a: Ready, b: Ready) -> Bool { (a.key, a.group) < (b.key, b.group) }
}
