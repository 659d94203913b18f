import Foundation
import Fragua
import FraguaTraining
import Synchronization
import Testing

/// When ``Trainer`` saves, and what becomes of what was learned where it cannot.
@Suite struct SavingTests {
  /// The epochs that the saved file holds when each epoch is reported.
  private func savedEpochs(_ epochs: Int, every saveEvery: Int?, from initial: Checkpoint? = nil) throws -> [Int] {
    let folder = try TestFolder()
    let path = folder.file("parameters.safetensors")
    let trainer = try Trainer(
      linearGraph(), training: plane(50), initial: initial.map { ($0, "before") },
      options: TrainingOptions(epochs: epochs, batch: 8, directory: folder.path, saveEvery: saveEvery))
    var saved: [Int] = []
    _ = try trainer.train { event in
      guard case .epoch = event else { return }
      saved.append((try? Checkpoint(contentsOf: path))?.progress?.epochs ?? -1)
    }
    #expect(folder.names == ["parameters.safetensors"])
    #expect(try Checkpoint(contentsOf: path).progress?.epochs == epochs + (initial?.progress?.epochs ?? 0))
    return saved
  }

  @Test func savesAfterSoManyEpochs() throws {
    #expect(try savedEpochs(3, every: 1) == [-1, 1, 2])
    #expect(try savedEpochs(6, every: 2) == [-1, -1, 2, 2, 4, 4])
    #expect(try savedEpochs(3, every: 1_000_000) == [-1, -1, -1])
    // These epochs take far less than ten seconds.
    #expect(try savedEpochs(3, every: nil) == [-1, -1, -1])
    // It counts the epochs of the run.
    let one = try Trainer(linearGraph(), training: plane(50), options: TrainingOptions(epochs: 1, batch: 8)).train()
    #expect(try savedEpochs(4, every: 2, from: one.checkpoint) == [-1, -1, 3, 3])
  }

  /// A folder that vanishes costs nothing: the training goes on, says so once, and the summary has what was learned.
  @Test func goesOnWhereItCannotSave() throws {
    let folder = try TestFolder()
    let path = folder.path + "/out"
    let trainer = try Trainer(
      linearGraph(), training: plane(50),
      options: TrainingOptions(epochs: 5, batch: 8, seed: 7, directory: path, saveEvery: 1))
    var remarks: [String] = []
    let summary = try trainer.train { event in
      switch event {
      case .remark(let text): remarks.append(text)
      case .epoch(let epoch) where epoch.epoch == 2: try? FileManager.default.removeItem(atPath: path)
      default: break
      }
    }
    let failure = "cannot write '\(path)/parameters.safetensors': no such file or directory"
    #expect(remarks == [failure + "; the training goes on, and saves when it can"])
    #expect(summary.saveFailure?.message == failure && summary.savedPath == nil)
    let whole = try Trainer(linearGraph(), training: plane(50), options: TrainingOptions(epochs: 5, batch: 8, seed: 7))
    #expect(try whole.train().checkpoint == summary.checkpoint)
    #expect(folder.names == [])
  }

  /// A folder that comes back is saved to.
  @Test func savesWhenItCanAgain() throws {
    let folder = try TestFolder()
    let path = folder.path + "/out"
    let trainer = try Trainer(
      linearGraph(), training: plane(50),
      options: TrainingOptions(epochs: 4, batch: 8, directory: path, saveEvery: 1))
    let summary = try trainer.train { event in
      guard case .epoch(let epoch) = event else { return }
      if epoch.epoch == 2 { try? FileManager.default.removeItem(atPath: path) }
      if epoch.epoch == 3 { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    }
    #expect(summary.saveFailure == nil && summary.savedPath == path + "/parameters.safetensors")
    #expect(try Checkpoint(contentsOf: path + "/parameters.safetensors") == summary.checkpoint)
  }

  /// A model keeps what it learned and throws why it was not saved; so does a stream of events.
  @Test func throwsWhatCouldNotBeSaved() async throws {
    let folder = try TestFolder()
    let data = try plane(50)
    let rows = Dictionary(uniqueKeysWithValues: data.columns.map { ($0.name, $0.tensor) })
    func options(_ name: String) -> TrainingOptions {
      TrainingOptions(epochs: 2, batch: 8, seed: 7, directory: folder.path + "/" + name)
    }
    let model = try Model(linearGraph(), seed: 7)
    let errors = diagnostics {
      try model.train(
        on: rows, options: options("a"),
        report: { _ in try? FileManager.default.removeItem(atPath: folder.path + "/a") })
    }
    #expect(
      errors.map(\.message) == ["cannot write '\(folder.path)/a/parameters.safetensors': no such file or directory"])
    #expect(model.checkpoint.progress?.epochs == 2)

    let trainer = try Trainer(linearGraph(), training: data, options: options("b"))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/b/parameters.safetensors", withIntermediateDirectories: true)
    let summary = Mutex<TrainingSummary?>(nil)
    await #expect(throws: Diagnostic.self) {
      for try await _ in trainer.events(completion: { done in summary.withLock { $0 = done } }) {}
    }
    #expect(summary.withLock { $0?.checkpoint.progress?.epochs } == 2)
  }

  /// What is left of a training that failed is said: nothing, what was there before, or what it saved itself.
  @Test func saysWhatIsLeft() throws {
    let folder = try TestFolder()
    let path = folder.file("parameters.safetensors")
    /// The last note of a training whose rate is such that the parameters overflow after some epochs.
    func note(rate: String, epochs: Int, every saveEvery: Int?) throws -> String? {
      let errors = diagnostics {
        try Trainer(
          linearGraph("sgd(learning_rate = \(rate))"), training: plane(50),
          options: TrainingOptions(epochs: epochs, batch: 50, directory: folder.path, saveEvery: saveEvery)
        ).train()
      }
      return errors.first?.notes.last?.message
    }
    #expect(try note(rate: "1e30", epochs: 9, every: nil) == "nothing was saved")
    #expect(folder.names == [])
    let later = try note(rate: "1e3", epochs: 99, every: 1)
    #expect(later?.hasPrefix("'\(path)' has the parameters of after epoch ") == true)
    let saved = try Checkpoint(contentsOf: path)
    #expect((saved.progress?.epochs ?? 0) > 0)
    #expect(
      try note(rate: "1e30", epochs: 9, every: nil) == "nothing was saved; a checkpoint from before is still there")
    #expect(try Checkpoint(contentsOf: path) == saved)
  }

  /// Who stops a training while it measures need not wait for the end of that.
  @Test func stopsWhileItMeasures() throws {
    let trainer = try Trainer(
      linearGraph(), training: plane(50), validation: plane(50),
      options: TrainingOptions(epochs: 3, batch: 8, seed: 7))
    var asked = 0
    // Seven steps, then the second of the seven batches of the validation.
    let summary = try trainer.train(isCancelled: {
      asked += 1
      return asked == 9
    })
    #expect(asked == 9 && summary.wasInterrupted)
    #expect(summary.epochs.map(\.epoch) == [1] && summary.epochs[0].validation == nil)
    #expect(summary.checkpoint.progress?.epochs == 1 && summary.checkpoint.progress?.steps == 0)
  }
}
