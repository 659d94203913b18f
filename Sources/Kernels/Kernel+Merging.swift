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
    guard let body = body.droppingAxis(dropped) else { return nil }
    result.body = body
    return result
  }
}

extension Kernel.Body {
  /// The body in an index space without `axis`, along which nothing steps; `nil` where a program has loads that only
  /// that axis told apart.
  fileprivate func droppingAxis(_ axis: Int) -> Kernel.Body? {
    switch self {
    case .rows(let rows):
      var stages: [RowStage] = []
      for stage in rows.stages {
        switch stage {
        case .sweep(let block, let locals, let reductions):
          guard let block = block.droppingAxis(axis) else { return nil }
          stages.append(.sweep(block, locals: locals, reductions: reductions))
        case .scalar(let block, let yields):
          guard let block = block.droppingAxis(axis) else { return nil }
          stages.append(.scalar(block, yields: yields))
        }
      }
      return .rows(RowsBody(stages))
    case .contract(var body):
      switch axis {
      case ..<body.batchAxes: body.batchAxes -= 1
      case ..<(body.batchAxes + body.mAxes): body.mAxes -= 1
      case ..<(body.batchAxes + body.mAxes + body.nAxes): body.nAxes -= 1
      default: body.kAxes -= 1
      }
      guard let lhs = body.lhs.droppingAxis(axis), let rhs = body.rhs.droppingAxis(axis),
        let epilogue = body.epilogue.droppingAxis(axis)
      else { return nil }
      (body.lhs, body.rhs, body.epilogue) = (lhs, rhs, epilogue)
      if let sum = body.rhsSum {
        guard let sum = sum.droppingAxis(axis) else { return nil }
        body.rhsSum = sum
      }
      if let sum = body.lhsSum {
        guard let sum = sum.droppingAxis(axis) else { return nil }
        body.lhsSum = sum
      }
      return .contract(body)
    case .scatter, .lanes: return nil
    }
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
