import Fragua

/// How long steps take.
struct StepTimes {
  /// In seconds.
  let median: Double
  let minimum: Double
  /// The time that nine blocks of ten stay under, over the least.
  let spread: Double

  /// Warms up, then times blocks of about `blockSeconds` for `seconds`, at least five.
  init(measuring frame: Frame, _ store: ParameterStore, seconds: Double, blockSeconds: Double = 0.02) throws {
    _ = try Self.time(10, in: frame, store)
    let one = max(try Self.time(1, in: frame, store), 1e-7)
    let block = max(1, min(20_000, Int(blockSeconds / one)))
    var samples: [Double] = []
    let begin = ContinuousClock.now
    while samples.count < 5 || (ContinuousClock.now - begin) / .seconds(1) < seconds {
      samples.append(try Self.time(block, in: frame, store) / Double(block))
    }
    self.init(samples)
  }

  /// Times `steps` steps, in ten blocks where there are as many; what it does depends on no time.
  init(measuring frame: Frame, _ store: ParameterStore, steps: Int) throws {
    let blocks = min(10, steps)
    self.init(
      try (0..<blocks).map { index in
        let block = steps * (index + 1) / blocks - steps * index / blocks
        return try Self.time(block, in: frame, store) / Double(block)
      })
  }

  /// - Parameter samples: the times of a step that some blocks of steps took, at least one.
  private init(_ samples: [Double]) {
    let samples = samples.sorted()
    median = samples[samples.count / 2]
    minimum = samples[0]
    spread = samples[samples.count * 9 / 10] / samples[0]
  }

  /// The seconds that `count` steps take.
  private static func time(_ count: Int, in frame: Frame, _ store: ParameterStore) throws -> Double {
    let mode = DenormalMode.flush()
    defer { mode.restore() }
    let begin = ContinuousClock.now
    for _ in 0..<count { try frame.step(store.block, denormalsAreZeros: true) }
    return (ContinuousClock.now - begin) / .seconds(1)
  }
}
