import FraguaGraph
import FraguaKernels
import FraguaSource

/// Where a region's results go.
extension FunctionLowering {
  /// What receives a region's result.
  struct Destination {
    enum Kind {
      /// A result of the function.
      case result(Int)
      /// A parameter, where the kernel may write it in place: every other reader comes before.
      case update(Update)
      case temporary
    }
    let value: Value
    let kind: Kind
  }

  /// The results of the function that a region's result is, and the parameters that it may update in place; a temporary
  /// where it is neither.
  func destinations(of value: Value, _ node: Int) -> [Destination] {
    var kinds: [Destination.Kind] = (resultsOf[value.id] ?? []).map { .result($0) }
    for update in updatesOf[value.id] ?? [] {
      let lastRead = valueOf[update.parameter].flatMap { lastUse[$0.id] } ?? -1
      if lastRead <= node { kinds.append(.update(update)) }
    }
    return (kinds.isEmpty ? [.temporary] : kinds).map { Destination(value: value, kind: $0) }
  }

  /// Adds the call of `kernel`, and the buffers that receive its results. A parameter that it cannot update in place is
  /// written at the end, from where the result lies otherwise.
  mutating func bind(
    _ kernel: Kernel, _ bindings: [KernelDraft.Source], _ destinations: [Destination], _ name: String, _ node: Node
  ) {
    var (kernel, bindings) = (kernel, bindings)
    for (number, destination) in destinations.enumerated() {
      let value = destination.value
      guard let write = bindings.firstIndex(of: .destination(number)) else {
        preconditionFailure("a kernel stores every result of its region")
      }
      switch destination.kind {
      case .result(let index):
        let name = function.valueNames[function.results[index].id] ?? "result\(index)"
        receive(value, in: addBuffer(name, function.results[index].type, .result(index)), at: write, &bindings)
      case .temporary: receive(value, in: addTemporary(value), at: write, &bindings)
      case .update(let update):
        let buffer = parameterBuffer(update.parameter, update.value.type)
        guard let read = bindings.firstIndex(of: .program(buffer)) else {
          receive(value, in: buffer, at: write, &bindings)
          continue
        }
        if let updating = kernel.updatingInPlace(reading: read, writing: write) {
          kernel = updating
          bindings[min(read, write)] = .program(buffer)
          bindings.remove(at: max(read, write))
          bufferOf[value.id] = bufferOf[value.id] ?? buffer
        } else if bufferOf[value.id] != nil {
          kernel = kernel.notStoring(write)
          bindings.remove(at: write)
        } else {
          receive(value, in: addTemporary(value), at: write, &bindings)
        }
      }
    }
    for result in node.results {
      for update in updatesOf[result.id] ?? [] {
        let (from, to) = (bufferOf[result.id]!, parameterBuffer(update.parameter, update.value.type))
        let isInPlace = zip(bindings, kernel.buffers).contains { $0 == .program(to) && $1.use != .read }
        if !isInPlace { copies.append((from: from, to: to)) }
      }
    }
    addCall(name, kernel, bindings.map(programBuffer), node.origin)
  }

  private func programBuffer(_ source: KernelDraft.Source) -> Int {
    guard case .program(let buffer) = source else { preconditionFailure("every destination has a buffer") }
    return buffer
  }

  /// Binds buffer `index` of a kernel, which receives `value`, to `buffer` of the program.
  private mutating func receive(_ value: Value, in buffer: Int, at index: Int, _ bindings: inout [KernelDraft.Source]) {
    bindings[index] = .program(buffer)
    bufferOf[value.id] = bufferOf[value.id] ?? buffer
  }

  private mutating func addTemporary(_ value: Value) -> Int {
    addBuffer(function.valueNames[value.id] ?? "v\(value.id)", value.type, .temporary)
  }
}
