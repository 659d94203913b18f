import FraguaTensors

extension Kernel {
  /// The multiply-adds, or cycles of vectors elsewhere, that one run takes: what schedules estimate by.
  public var work: Int {
    let points = axes.reduce(1, *)
    switch body {
    case .contract(let body):
      let outputs = axes.prefix(parallelAxes).reduce(1, *)
      return points + outputs * body.epilogue.program.instructions.count / 4
    case .rows(let body):
      return body.stages.reduce(0) { sum, stage in
        switch stage {
        case .sweep(let block, _, _): sum + points * block.program.cycles
        case .scalar(let block, _): sum + axes.prefix(parallelAxes).reduce(1, *) * block.program.cycles
        }
      }
    case .scatter: return 4 * points / max(1, axes[0])
    case .lanes(let body): return axes[0] * body.row.program.cycles / 4 + body.epilogue.program.cycles
    }
  }

  /// Floating-point operations of one run: multiply and add count two, elementary functions one.
  public var flops: Int {
    let points = axes.reduce(1, *)
    let outputs = axes.prefix(parallelAxes).reduce(1, *)
    switch body {
    case .contract(let body): return 2 * points + outputs * body.epilogue.program.flops
    case .rows(let body):
      return body.stages.reduce(0) { sum, stage in
        switch stage {
        case .sweep(let block, _, let reductions): sum + points * (block.program.flops + reductions.count)
        case .scalar(let block, _): sum + outputs * block.program.flops
        }
      }
    case .scatter: return points / max(1, axes[0])
    case .lanes(let body): return axes[0] * (body.row.program.flops + body.sums.count) + body.epilogue.program.flops
    }
  }

  /// All accesses: those of programs and those of stores, with whether they write.
  public func forEachAccess(_ body: (Access, _ isWrite: Bool, _ part: AccessPart) -> Void) {
    func loads(_ program: ScalarProgram, _ part: AccessPart) {
      for case .load(let access) in program.instructions { body(access, false, part) }
    }
    func block(_ block: Block, _ part: AccessPart) {
      loads(block.program, part)
      for store in block.stores { body(store.access, true, part) }
    }
    switch self.body {
    case .rows(let rows):
      for stage in rows.stages {
        switch stage {
        case .sweep(let own, _, _): block(own, .main)
        case .scalar(let own, _): block(own, .main)
        }
      }
    case .contract(let contract):
      loads(contract.lhs, .main)
      loads(contract.rhs, .main)
      block(contract.epilogue, .main)
      if let sum = contract.rhsSum {
        block(sum, .side)
        loads(contract.rhs, .side)
      }
      if let sum = contract.lhsSum {
        block(sum, .side)
        loads(contract.lhs, .side)
      }
    case .scatter(let scatter):
      loads(scatter.initial, .main)
      block(scatter.epilogue, .main)
      loads(scatter.index, .side)
      loads(scatter.update, .side)
    case .lanes(let lanes):
      block(lanes.row, .main)
      block(lanes.epilogue, .side)
    }
  }
}

/// Which part of a kernel an access belongs to.
public enum AccessPart: Sendable {
  /// What each thread does for the coordinates that it owns.
  case main
  /// What a thread may do for all: side sums, a scatter's indices.
  case side
}

extension ScalarProgram {
  /// Floating-point operations, elementary functions counted as one.
  var flops: Int {
    zip(instructions, types).reduce(0) { sum, item in
      guard item.1.isFloat else { return sum }
      switch item.0 {
      case .unary, .binary: return sum + 1
      case .fma: return sum + 2
      default: return sum
      }
    }
  }
}
