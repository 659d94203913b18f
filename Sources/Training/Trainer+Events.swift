import FraguaCodeGen
import FraguaSource
import FraguaTensors
import Synchronization

extension Trainer {
  /// Trains on a thread of its own and reports as a stream, for apps: `for try await event in trainer.events() { … }`.
  ///
  /// Who stops listening stops the training after its present step. The stream throws where the checkpoint could not be
  /// saved; the summary holds it all the same.
  /// - Parameter completion: told the summary at the end, before the stream ends.
  public func events(
    completion: @escaping @Sendable (TrainingSummary) -> Void = { _ in }
  ) -> AsyncThrowingStream<TrainingEvent, any Error> {
    AsyncThrowingStream { continuation in
      let isCancelled = Flag()
      continuation.onTermination = { _ in isCancelled.raise() }
      do throws(Diagnostic) {
        try SystemThread(stackBytes: SystemThread.compilerStackBytes) {
          do {
            let summary = try self.train(
              report: { continuation.yield($0) }, isCancelled: { isCancelled.isRaised })
            completion(summary)
            continuation.finish(throwing: summary.saveFailure)
          } catch { continuation.finish(throwing: error) }
        }.detach()
      } catch { continuation.finish(throwing: error) }
    }
  }
}

/// A flag that one thread raises and another looks at.
private final class Flag: Sendable {
  private let value = Atomic(false)

  func raise() { value.store(true, ordering: .relaxed) }
  var isRaised: Bool { value.load(ordering: .relaxed) }
}
