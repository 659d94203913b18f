import Fragua
import FraguaTraining
import Synchronization
import Testing

/// ``Trainer/events(completion:)``: a training as an asynchronous stream. The time limit ends a training that does not
/// stop; it is far beyond what a busy machine needs.
@Suite(.timeLimit(.minutes(30))) struct EventsTests {
  /// Listens ahead of other tests, which hold the threads that asynchronous code shares: until it is heard the training
  /// goes on.
  private static func promptly<R: Sendable>(
    _ body: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    try await Task(priority: .high, operation: body).value
  }

  @Test func reportsEveryEpoch() async throws {
    let options = TrainingOptions(epochs: 4, batch: 8, seed: 7)
    let trainer = try Trainer(linearGraph(), training: plane(50), options: options)
    let summary = Mutex<TrainingSummary?>(nil)
    var epochs: [Int] = []
    for try await event in trainer.events(completion: { done in summary.withLock { $0 = done } }) {
      if case .epoch(let epoch) = event { epochs.append(epoch.epoch) }
    }
    #expect(epochs == [1, 2, 3, 4])
    let done = try #require(summary.withLock { $0 })
    #expect(done.checkpoint.progress?.epochs == 4 && !done.wasInterrupted)
    // The same as on this thread.
    let again = try Trainer(linearGraph(), training: plane(50), options: options)
    #expect(try again.train().checkpoint == done.checkpoint)
  }

  /// Who stops listening stops the training, which saves what it has.
  @Test func stopsWithItsListener() async throws {
    let folder = try TestFolder()
    let trainer = try Trainer(
      linearGraph(), training: plane(50),
      options: TrainingOptions(epochs: 1_000_000_000, batch: 8, seed: 7, directory: folder.path))
    let (summaries, ending) = AsyncStream.makeStream(of: TrainingSummary.self)
    try await Self.promptly {
      for try await event in trainer.events(completion: { ending.yield($0) }) {
        if case .epoch = event { break }
      }
    }
    var iterator = summaries.makeAsyncIterator()
    let summary = try #require(await iterator.next())
    #expect(summary.wasInterrupted && !summary.epochs.isEmpty)
    let saved = try Checkpoint(contentsOf: folder.file("parameters.safetensors"))
    #expect(saved == summary.checkpoint)
    // What was saved goes on to the bits of a training that never stopped.
    let progress = try #require(saved.progress)
    let rest = try Trainer(
      linearGraph(), training: plane(50), initial: (saved, "saved"), options: TrainingOptions(epochs: 1, batch: 8))
    let whole = try Trainer(
      linearGraph(), training: plane(50), options: TrainingOptions(epochs: progress.epochs + 1, batch: 8, seed: 7))
    #expect(try rest.train().checkpoint == whole.train().checkpoint)
  }

  @Test func throwsWhatStopsIt() async throws {
    let trainer = try Trainer(
      linearGraph("sgd(learning_rate = 1e30)"), training: plane(50), options: TrainingOptions(batch: 8))
    await #expect(throws: Diagnostics.self) {
      for try await _ in trainer.events() {}
    }
  }

  /// A trainer that is shared trains once at a time.
  @Test func aSecondTrainingIsRefused() throws {
    let trainer = try Trainer(linearGraph(), training: plane(50), options: TrainingOptions(epochs: 2, batch: 8))
    var messages: [String] = []
    _ = try trainer.train(report: { _ in messages += diagnostics { try trainer.train() }.map(\.message) })
    #expect(!messages.isEmpty && messages.allSatisfy { $0 == "'@fit' is being trained already" })
    #expect(try trainer.train().epochs.count == 2)
  }
}
