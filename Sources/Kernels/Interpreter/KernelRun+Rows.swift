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
          var sums = reductions.map { RowReduction($0.combiner) }
          var fresh = locals.map { _ in [Scalar]() }
          for i in fresh.indices { fresh[i].reserveCapacity(rowLength) }
          forEachPoint(of: reduced) { position in
            runner.run(at: coordinates, inputs: scalars, locals: arrays, position: position)
            for i in sums.indices {
              sums[i].join(
                runner.values[reductions[i].value], innermost: reduced.isEmpty ? 0 : coordinates[reduced.upperBound - 1]
              )
            }
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
    var sums = body.sums.map { _ in RowReduction(.sum) }
    forEachPoint(of: 0..<1) { number in
      row.run(at: coordinates)
      for i in sums.indices { sums[i].join(row.values[body.sums[i]], innermost: number) }
      row.store(at: coordinates)
    }
    let epilogue = runner(body.epilogue)
    epilogue.run(at: coordinates, inputs: sums.map(\.result))
    epilogue.store(at: coordinates)
  }
}

/// A ``Reduction`` under way: the 16 virtual lanes of a sum, or the extreme so far.
struct RowReduction {
  private let combiner: Combiner
  private var lanes: [Scalar] = []
  private var arithmetic = ScalarArithmetic()

  /// Nothing joined yet.
  init(_ combiner: Combiner) { self.combiner = combiner }

  /// Joins `value`, whose innermost reduced coordinate is `innermost`.
  mutating func join(_ value: Scalar, innermost: Int) {
    switch combiner {
    case .sum:
      if lanes.isEmpty {
        lanes = [Scalar](repeating: combiner.identity(value.type), count: Kernel.sumLanes)
      }
      let lane = innermost % Kernel.sumLanes
      lanes[lane] = arithmetic.add(lanes[lane], value)
    case .max, .min:
      if lanes.isEmpty {
        lanes.append(value)
      } else {
        lanes[0] = VectorMath.apply(combiner, lanes[0], value, in: &arithmetic)
      }
    }
  }

  /// The lanes joined by halves.
  /// - Requires: at least one value was joined.
  var result: Scalar {
    var lanes = lanes
    while lanes.count > 1 {
      let half = lanes.count / 2
      for i in 0..<half { lanes[i] = arithmetic.add(lanes[i], lanes[i + half]) }
      lanes.removeLast(half)
    }
    return lanes[0]
  }
}
