import FraguaData
import FraguaGraph
import FraguaSource
import FraguaTensors
import FraguaTransforms
import TestSupport
import Testing

/// Optimizers, on the graph interpreter, against what Keras and PyTorch computed.
@Suite struct OptimizerTests {
  private static let path = #filePath.replacing(
    "Transforms/OptimizerTests.swift", with: "Reference/data/optimizers.npz")

  private static func array(_ key: String) throws -> Tensor { try NPZ.read(path, key: key) }

  /// 100 steps on the graph interpreter are those of the reference.
  @Test(arguments: OptimizerReference.all, [ElementType.f64, .f32])
  func agrees(_ reference: OptimizerReference, _ element: ElementType) throws {
    let graph = try Pipeline.standard.run(try parsed(reference.graph(element)), after: lastPass, context("fit")).graph
    let interpreter = GraphInterpreter(graph)
    let deviations = try reference.deviations(
      element, array: Self.array, parameters: initialParameters(graph)
    ) { data, parameters in
      let (results, updated) = interpreter.run("fit", arguments: data, parameters: parameters)
      parameters.merge(updated) { $1 }
      return results[0].doubles[0]
    }
    #expect(deviations == [])
  }

  private static let sgd = OptimizerReference.all.first { $0.key == "keras.sgd" }!

  /// The state `@fit.learning_rate` decides, so that schedules need no compilation.
  @Test func rateIsState() throws {
    let graph = try Pipeline.standard.run(
      try parsed(Self.sgd.graph(.f32)), after: lastPass, context("fit")
    ).graph
    var parameters = initialParameters(graph)
    #expect(parameters["fit.learning_rate"]!.doubles == [Double(Float(0.01))])
    parameters["fit.learning_rate"] = Tensor(Scalar(0 as Float))
    let data = [noise(TensorType([16, 5], .f32), seed: 1), noise(TensorType([16, 3], .f32), seed: 2)]
    let updated = GraphInterpreter(graph).run("fit", arguments: data, parameters: parameters).updated
    #expect(updated["w"]!.hasSameBits(as: parameters["w"]!))
    #expect(updated["fit.step"]!.integers == [1])
  }
}
