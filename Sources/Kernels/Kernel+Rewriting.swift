import FraguaSource

extension Kernel.Body {
  /// The body with every block and program as `rewrite` gives it, with the new number of each value; `nil` where it gives
  /// none.
  package func rewriting(_ rewrite: (Block) -> (block: Block, numbers: [Int])?) -> Kernel.Body? {
    func program(_ program: ScalarProgram) -> ScalarProgram? { rewrite(Block(program))?.block.program }
    switch self {
    case .rows(let body):
      var stages: [RowStage] = []
      for stage in body.stages {
        switch stage {
        case .sweep(let block, let locals, let reductions):
          guard let (block, numbers) = rewrite(block) else { return nil }
          stages.append(
            .sweep(
              block, locals: locals.map { numbers[$0] },
              reductions: reductions.map { Reduction($0.combiner, numbers[$0.value]) }))
        case .scalar(let block, let yields):
          guard let (block, numbers) = rewrite(block) else { return nil }
          stages.append(.scalar(block, yields: yields.map { numbers[$0] }))
        }
      }
      return .rows(RowsBody(stages))
    case .contract(var body):
      guard let lhs = program(body.lhs), let rhs = program(body.rhs), let epilogue = rewrite(body.epilogue)?.block
      else {
        return nil
      }
      (body.lhs, body.rhs, body.epilogue) = (lhs, rhs, epilogue)
      if let sum = body.rhsSum {
        guard let sum = rewrite(sum)?.block else { return nil }
        body.rhsSum = sum
      }
      if let sum = body.lhsSum {
        guard let sum = rewrite(sum)?.block else { return nil }
        body.lhsSum = sum
      }
      return .contract(body)
    case .scatter(var body):
      guard let initial = program(body.initial), let index = program(body.index), let update = program(body.update),
        let epilogue = rewrite(body.epilogue)?.block
      else { return nil }
      (body.initial, body.index, body.update, body.epilogue) = (initial, index, update, epilogue)
      return .scatter(body)
    case .lanes(var body):
      guard let (row, numbers) = rewrite(body.row), let epilogue = rewrite(body.epilogue)?.block else { return nil }
      (body.row, body.sums, body.epilogue) = (row, body.sums.map { numbers[$0] }, epilogue)
      return .lanes(body)
    }
  }
}

extension Kernel {
  /// The kernel with other numbers for its buffers: `place` gives each one's, and `nil` for one to which nothing is stored
  /// any more.
  ///
  /// - Requires: what gets no place is not read, and no two buffers that are read get one place.
  package func renumbering(_ buffers: [KernelBuffer], _ place: [Int?]) -> Kernel {
    let body = body.rewriting { block in
      let program = block.program.mappingAccesses { access in
        var access = access
        access.buffer = place[access.buffer]!
        return access
      }
      let stores = block.stores.compactMap { store -> Store? in
        guard let buffer = place[store.access.buffer] else { return nil }
        var store = store
        store.access.buffer = buffer
        return store
      }
      return (Block(program, stores: stores), Array(program.instructions.indices))
    }
    var result = self
    result.buffers = buffers
    result.body = body!
    return result
  }
}
