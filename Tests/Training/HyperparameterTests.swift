import Foundation
import Fragua
import FraguaTraining
import Testing

/// What counts where a checkpoint and the text disagree: the text for hyper-parameters, the checkpoint for slots.
@Suite struct HyperparameterTests {
  private func train(
    _ optimizer: String, epochs: Int, from initial: Checkpoint? = nil, keeping kept: Set<String> = []
  ) throws -> (checkpoint: Checkpoint, remarks: [String]) {
    let trainer = try Trainer(
      linearGraph(optimizer), training: plane(50), initial: initial.map { ($0, "p") }, keeping: kept,
      options: TrainingOptions(epochs: epochs, batch: 8, seed: 7))
    var remarks: [String] = []
    let summary = try trainer.train { if case .remark(let text) = $0 { remarks.append(text) } }
    return (summary.checkpoint, remarks)
  }

  /// The learning rate of the text counts, which is said; slots, steps and epochs go on.
  @Test(arguments: ["adam", "sgd", "rmsprop"]) func theTextsRateCounts(optimizer: String) throws {
    let before = try train("\(optimizer)(learning_rate = 0.05)", epochs: 2).checkpoint
    let (after, remarks) = try train("\(optimizer)(learning_rate = 0.001)", epochs: 1, from: before)
    #expect(remarks == ["'@fit.learning_rate' is 0.001, as the graph says; it was 0.05 in 'p'"])
    #expect(after.parameters["fit.learning_rate"]!.doubles.map { Float($0) } == [0.001])
    #expect(after.parameters["fit.step"]!.doubles == [21] && after.progress?.epochs == 3)
    // The same as if the file had had the rate.
    var changed = before
    changed.parameters["fit.learning_rate"] = Tensor([], [0.001] as [Float])
    let same = try train("\(optimizer)(learning_rate = 0.001)", epochs: 1, from: changed)
    #expect(same.remarks == [] && same.checkpoint == after)
    // And the slots are those of the file: from the parameters alone the outcome is another.
    let alone = Checkpoint(parameters: before.parameters.filter { ["w", "b"].contains($0.key) })
    let anew = try train("\(optimizer)(learning_rate = 0.001)", epochs: 1, from: alone)
    #expect(anew.remarks == [] && anew.checkpoint.parameters["fit.step"]!.doubles == [7])
  }

  /// A file without the rate goes on all the same, for the text has it.
  @Test func theFileNeedsNoRate() throws {
    let whole = try train("adam(learning_rate = 0.05)", epochs: 3).checkpoint
    var before = try train("adam(learning_rate = 0.05)", epochs: 2).checkpoint
    before.parameters["fit.learning_rate"] = nil
    let (after, remarks) = try train("adam(learning_rate = 0.05)", epochs: 1, from: before)
    #expect(after == whole && remarks == [])
  }

  /// An app may take the checkpoint's.
  @Test func theCheckpointsRateCanBeKept() throws {
    var before = try train("sgd(learning_rate = 0.05)", epochs: 1).checkpoint
    before.parameters["fit.learning_rate"] = Tensor([], [0] as [Float])
    let (after, remarks) = try train(
      "sgd(learning_rate = 0.05)", epochs: 1, from: before, keeping: ["fit.learning_rate"])
    #expect(remarks == [] && after.parameters["w"]!.hasSameBits(as: before.parameters["w"]!))
  }

  /// A model in memory: what the app sets counts; what it was loaded with gives way to the text.
  @Test func whatAnAppSetsCounts() throws {
    let data = try plane(50)
    let rows = Dictionary(uniqueKeysWithValues: data.columns.map { ($0.name, $0.tensor) })
    let options = TrainingOptions(epochs: 1, batch: 8)
    let model = try Model(linearGraph("sgd(learning_rate = 0.05)"), seed: 7)
    try model.train(on: rows, options: options)
    let learned = model[parameter: "w"]!
    try model.setParameter("fit.learning_rate", to: Tensor([], [0] as [Float]))
    try model.train(on: rows, options: options)
    #expect(model[parameter: "w"]!.hasSameBits(as: learned))
    // It stays so in the next training.
    try model.train(on: rows, options: options)
    #expect(model[parameter: "w"]!.hasSameBits(as: learned))
    let folder = try TestFolder()
    try model.save(to: folder.file("p.safetensors"))
    let loaded = try Model(linearGraph("sgd(learning_rate = 0.05)"), parameters: folder.file("p.safetensors"))
    try loaded.train(on: rows, options: options)
    #expect(!loaded[parameter: "w"]!.hasSameBits(as: learned))
  }
}
