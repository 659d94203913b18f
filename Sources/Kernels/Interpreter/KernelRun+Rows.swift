import FraguaTensors

extension KernelRun {
  /// A stage, ready to run.
  private enum Stage {
    case sweep(BlockRunner, locals: [Int], reductions: [Reduction])
    case scalar(BlockRunner, yields: [Int])
  }

  /// Runs a map, reduce or rows body.
  func rows(_ body: RowsBody) {
    let stages = body.stages.map { stage -> Stage in
      switch stage {
      case .sweep(let block, let locals, let reductions): .sweep(runner(block), locals: locals, reductions: reductions)
      case .scalar(let block, let yields): .scalar(runner(block), yields: yields)
      }
    }
    let parallel = 0..<kernel.parallelAxes
    let reduced = kernel.parallelAxes..<kernel.axes.count
    let rowLength = count(reduced)
    forEachPoint(of: parallel) { _ in
      var scalars: [Scalar] = []
      var arrays: [[Scalar]] = []
      for stage in stages {
        switch stage {
        case .scalar(let runner, let yields):
          runner.run(at: coordinates, inputs: scalars)
          runner.store(at: coordinates)
          for value in yields { scalars.append(runner.values[value]) }
        case .sweep(let runner, let locals, let reductions):
          var sums = reductions.map { RowReduction($0.combiner, runner.type(of: $0.value)) }
          var fresh = locals.map { _ in [Scalar]() }
          for i in fresh.indices { fresh[i].reserveCapacity(rowLength) }
          forEachPoint(of: reduced) { position in
            runner.run(at: coordinates, inputs: scalars, locals: arrays, position: position)
            for i in sums.indices { sums[i].join(runner.values[reductions[i].value]) }
            for i in fresh.indices { fresh[i].append(runner.values[locals[i]]) }
            runner.store(at: coordinates)
          }
          scalars += sums.map(\.result)
          arrays += fresh
        }
      }
    }
  }

  /// Runs a lanes body.
  func lanes(_ body: LanesBody) {
    let row = runner(body.row)
    var sums = body.sums.map { RowReduction(.sum, body.row.program.types[$0]) }
    forEachPoint(of: 0..<1) { _ in
      row.run(at: coordinates)
      for i in sums.indices { sums[i].join(row.values[body.sums[i]]) }
      row.store(at: coordinates)
    }
    let epilogue = runner(body.epilogue)
    epilogue.run(at: coordinates, inputs: sums.map(\.result))
    epilogue.store(at: coordinates)
  }
}

/// A ``Reduction`` under way.
private enum RowReduction {
  case sum(LaneSum<Scalar>)
  case extreme(Combiner, Scalar)

  /// Nothing joined yet.
  init(_ combiner: Combiner, _ type: ElementType) {
    let nothing = combiner.identity(type)
    switch combiner {
    case .sum:
      self = .sum(
        LaneSum(from: nothing) { ScalarArithmetic().add($0, $1) })
    case .max, .min: self = .extreme(combiner, nothing)
    }
  }

  /// Joins the next value.
  mutating func join(_ value: Scalar) {
    var arithmetic = ScalarArithmetic()
    switch self {
    case .sum(var sum):
      self = .extreme(.max, value)  // so that the sum is not copied
      sum.join { arithmetic.add($0, value) }
      self = .sum(sum)
    case .extreme(let combiner, let extreme):
      self = .extreme(combiner, VectorMath.apply(combiner, extreme, value, in: &arithmetic))
    }
  }

  /// All values joined.
  var result: Scalar {
    switch self {
    case .sum(let sum): return sum.result
    case .extreme(let combiner, let extreme):
      var arithmetic = ScalarArithmetic()
      return VectorMath.finished(combiner, extreme, in: &arithmetic)
    }
  }
}
