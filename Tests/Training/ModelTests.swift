import Foundation
import Fragua
import Testing

/// ``Model``, as an app uses it.
@Suite struct ModelTests {
  private let options = TrainingOptions(epochs: 40, batch: 8, seed: 7, threads: 1)

  /// The rows of the plane by name.
  private func data(_ count: Int) throws -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: try plane(count).columns.map { ($0.name, $0.tensor) })
  }

  /// The way of the module's documentation: from a file, trained, run, saved, read again.
  @Test func trainsPredictsAndSaves() throws {
    let folder = try TestFolder()
    let path = folder.file("linear.graph")
    try linear.replacing("OPTIMIZER", with: "adam(learning_rate = 0.05)").write(
      toFile: path, atomically: true, encoding: .utf8)
    let model = try Model(contentsOf: path, seed: 7)
    let before = try model.means(of: "loss", data(50))[0]
    var epochs = 0
    let summary = try model.train(on: data(50), validation: data(9), options: options) {
      if case .epoch = $0 { epochs += 1 }
    }
    #expect(epochs == 40 && summary.epochs.count == 40)
    #expect(try model.means(of: "loss", data(50))[0] < before / 50)
    let answer = try model.predict(["x": Tensor([1, 2], [0.25, -0.25] as [Float])])
    #expect(answer.extents == [1, 1])
    #expect(abs(answer.doubles[0] - (2 * 0.25 + 0.25 + 0.5)) < 0.1)
    try model.save(to: folder.file("parameters.safetensors"))
    let again = try Model(contentsOf: path, parameters: folder.file("parameters.safetensors"))
    #expect(try again.predict(["x": Tensor([1, 2], [0.25, -0.25] as [Float])]).hasSameBits(as: answer))
    #expect(again.checkpoint == model.checkpoint)
  }

  /// A graph built in Swift gets the defaults of its initializers, and their checks.
  @Test func checksInitializersOfGraphsBuiltInSwift() throws {
    func model(_ attributes: Attributes) throws -> Model {
      var graph = try linearGraph()
      let index = try #require(graph.parameters.firstIndex { $0.name == "w" })
      graph.parameters[index].initializer = InitializerUse("normal", attributes)
      return try Model(graph, seed: 7)
    }
    let standard = try model(["mean": .float(0), "stddev": .float(0.05)])
    #expect(try model([:])[parameter: "w"]!.hasSameBits(as: standard[parameter: "w"]!))
    let errors = diagnostics { try model(["stddev": .float(-1)]) }
    #expect(errors.map(\.message) == ["the attribute 'stddev' of 'normal' is -1.0, but must be at least 0"])
    #expect(errors.first?.location?.line == 3)
  }

  /// A model that trains twice, or is read between, is one that trained at once.
  @Test func trainsOn() throws {
    let graph = try linearGraph()
    let whole = try Model(graph, seed: 7)
    try whole.train(on: data(50), options: TrainingOptions(epochs: 5, batch: 8, seed: 7))
    let parts = try Model(graph, seed: 7)
    try parts.train(on: data(50), options: TrainingOptions(epochs: 2, batch: 8, seed: 7))
    try parts.train(on: data(50), options: TrainingOptions(epochs: 3, batch: 8))
    #expect(parts.checkpoint == whole.checkpoint)
  }

  /// Every row has its result, in order, whatever the batch.
  @Test func predictsBatchByBatch() throws {
    let model = try Model(linearGraph(), seed: 7)
    let rows = try data(50)["x"]!
    let whole = try model.predict(["x": rows])
    let batched = try model.predict(["x": rows], options: ExecutionOptions(batch: 8))
    #expect(whole.extents == [50, 1] && batched.hasSameBits(as: whole))
    #expect(try model.results(of: "predict", ["x": rows]).count == 1)
  }

  @Test func parametersAreThereToBeReadAndSet() throws {
    let model = try Model(linearGraph(), seed: 7)
    #expect(model[parameter: "b"]!.doubles == [0])
    #expect(model[parameter: "none"] == nil)
    let x = ["x": Tensor([1, 2], [1, 1] as [Float])]
    let before = try model.predict(x).doubles[0]
    try model.setParameter("b", to: Tensor([1], [4] as [Float]))
    #expect(try model.predict(x).doubles[0] == Double(Float(before) + 4))
    #expect(
      diagnostics { try model.setParameter("c", to: Tensor([1], [4] as [Float])) }.map(\.message) == [
        "there is no parameter '@c'"
      ])
    #expect(
      diagnostics { try model.setParameter("b", to: Tensor([2], [4, 4] as [Float])) }.map(\.message) == [
        "the value for '@b' is tensor<2xf32>, expected tensor<1xf32>"
      ])
  }

  /// The same seed makes the same model, and another one another.
  @Test func seeds() throws {
    let weights = try Model(linearGraph(), seed: 7)[parameter: "w"]!
    #expect(weights.hasSameBits(as: try Model(linearGraph(), seed: 7)[parameter: "w"]!))
    #expect(!weights.hasSameBits(as: try Model(linearGraph(), seed: 8)[parameter: "w"]!))
  }

  @Test func whatIsWrongIsThrown() throws {
    let model = try Model(linearGraph(), seed: 7)
    let x = Tensor([1, 2], [1, 1] as [Float])
    func messages<R>(_ body: () throws -> R) -> [String] { diagnostics(body).map(\.message) }
    #expect(messages { try Model(contentsOf: "none.graph") } == ["cannot read 'none.graph': no such file or directory"])
    #expect(messages { try model.predict(["x": x], function: "predcit") } == ["there is no function '@predcit'"])
    #expect(
      messages { try model.predict([:]) } == ["there are no inputs"])
    #expect(messages { try model.predict(["x": x, "z": x]) } == ["'@predict' has no argument '%z'"])
    #expect(
      messages { try model.predict(["x": Tensor([], [1] as [Float])]) } == [
        "the data for 'x' are a scalar, which has no rows"
      ])
    #expect(
      messages { try model.predict(["x": x], options: ExecutionOptions(batch: 0)) } == [
        "the batch is 0, but must be at least 1"
      ])
    #expect(
      messages { try model.means(of: "predict", ["x": x]) } == [
        "result 1 of '@predict' is tensor<Bx1xf32>, expected a scalar to take the mean of"
      ])
    #expect(
      messages { try model.predict(["x": x, "y": x], function: "fit") } == [
        "'@fit' updates parameters, so it is not run over data batch by batch"
      ])
    #expect(
      messages { try model.save(to: "/proc/none/p") } == ["cannot write '/proc/none/p': no such file or directory"])
    #expect(messages { try model.train(on: [:]) } == ["there are no inputs"])
  }
}
