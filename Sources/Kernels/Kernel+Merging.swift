extension Kernel {
  /// The same kernel with neighbouring axes of one kind as one wherever every access steps through them as through one.
  ///
  /// Terms of sums keep their order, and their virtual lanes are a vector along the axis. Tiles and threads' parts run
  /// over what were several axes: rows of a batch of sequences are rows. The axes of a `map` stay as they are, since
  /// parts that are rows of its neighbours suit these better than longer loops suit it.
  package var mergingAxes: Kernel {
    var kernel = self
    for axis in axes.indices.dropLast().reversed() where kernel.areOfOneKind(axis) {
      kernel = kernel.merging(axis) ?? kernel
    }
    return kernel
  }

  /// Whether `axis` and the next one may be one.
  private func areOfOneKind(_ axis: Int) -> Bool {
    switch body {
    case .rows: return axis >= parallelAxes || axis + 1 < parallelAxes && parallelAxes < axes.count
    case .contract(let body):
      let ends = [body.batchAxes, body.batchAxes + body.mAxes, parallelAxes]
      return !ends.contains(axis + 1)
    case .scatter, .lanes: return false
    }
  }

  /// The kernel with `axis` and the next one as one; `nil` where something tells them apart.
  private func merging(_ axis: Int) -> Kernel? {
    let (outer, inner) = (axes[axis], axes[axis + 1])
    let isOne = { (linear: AffineExpression) in
      outer == 1 || inner == 1 || linear.coefficients[axis] == inner * linear.coefficients[axis + 1]
    }
    for part in parts {
      for case .index(let i) in part.block.program.instructions where i == axis || i == axis + 1 { return nil }
      for access in part.block.accesses {
        let isAsOne = access.expressions.allSatisfy { isOne($0) && $0.digits.allSatisfy { isOne($0.dividend) } }
        guard isAsOne else { return nil }
      }
    }
    // A step along the new axis is one along the inner, or along the outer where the inner has no other place.
    let dropped = inner == 1 ? axis + 1 : axis
    var result = self
    result.axes[axis + 1] = outer * inner
    result.axes[axis] = outer * inner
    result.axes.remove(at: dropped)
    if dropped < parallelAxes { result.parallelAxes -= 1 }
    switch body {
    case .rows: break
    case .contract(var body):
      switch dropped {
      case ..<body.batchAxes: body.batchAxes -= 1
      case ..<(body.batchAxes + body.mAxes): body.mAxes -= 1
      case ..<(body.batchAxes + body.mAxes + body.nAxes): body.nAxes -= 1
      default: body.kAxes -= 1
      }
      result.body = .contract(body)
    case .scatter, .lanes: return nil
    }
    // Loads that only that axis told apart would be one.
    let rewritten = result.body.rewriting { block in
      block.droppingAxis(dropped).map { ($0, Array(block.program.instructions.indices)) }
    }
    guard let rewritten else { return nil }
    result.body = rewritten
    return result
  }
}

extension Block {
  /// Every access of the program and of the stores.
  var accesses: [Access] {
    program.instructions.compactMap { if case .load(let access) = $0 { access } else { nil } } + stores.map(\.access)
  }

  fileprivate func droppingAxis(_ axis: Int) -> Block? {
    program.droppingAxis(axis).map { program in
      Block(program, stores: stores.map { Store($0.access.droppingAxis(axis), $0.value) })
    }
  }
}

extension ScalarProgram {
  fileprivate func droppingAxis(_ axis: Int) -> ScalarProgram? {
    var result = ScalarProgram()
    for (number, instruction) in instructions.enumerated() {
      let mapped: Instruction =
        switch instruction {
        case .index(let i): .index(i > axis ? i - 1 : i)
        case .load(let access): .load(access.droppingAxis(axis))
        default: instruction
        }
      if result.append(mapped, types[number]) != number { return nil }
    }
    return result
  }
}

extension Access {
  fileprivate func droppingAxis(_ axis: Int) -> Access {
    var result = self
    result.element = element.droppingAxis(axis)
    for i in result.guards.indices { result.guards[i].expression = guards[i].expression.droppingAxis(axis) }
    return result
  }
}
