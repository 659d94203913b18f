import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaTensors
import FraguaTraining
import TestSupport
import Testing

/// Compiled training steps against what other systems computed: `Tests/Reference/README.md` has the problems.
@Suite struct ReferenceTests {
  private static let folder = #filePath.replacing("Compiler/ReferenceTests.swift", with: "Reference/data/")

  private static func optimizerArray(_ key: String) throws -> Tensor {
    try NPZ.read(folder + "optimizers.npz", key: key)
  }

  /// 100 compiled steps of every optimizer are those of Keras and PyTorch.
  @Test(arguments: OptimizerReference.all, [ElementType.f64, .f32])
  func optimizersAgree(_ reference: OptimizerReference, _ element: ElementType) throws {
    let graph = try parsed(reference.graph(element))
    let compiled = try Compiler.compile(graph, entry: "fit", CompilerOptions(vocabulary: .standard))
    let initial = try InitialParameters(graph, states: compiled.parameters, seed: 1, vocabulary: .standard)
    let store = ParameterStore()
    let deviations = try reference.deviations(
      element, array: Self.optimizerArray, parameters: initial.tensors
    ) { data, parameters in
      for (name, tensor) in parameters { store[name] = tensor }
      let loss = try compiled.run(data, store)[0].doubles[0]
      for name in compiled.updatedParameters { parameters[name] = store[name] }
      return loss
    }
    #expect(deviations == [])
  }

  /// The network of `Tests/Reference/mlp.py`: 784-512-512-10, batch 128.
  private static func network(_ element: ElementType) -> String {
    """
    graph @reference version 1

    param @w0: tensor<784x512xT> = zeros
    param @b0: tensor<512xT> = zeros
    param @w1: tensor<512x512xT> = zeros
    param @b1: tensor<512xT> = zeros
    param @w2: tensor<512x10xT> = zeros
    param @b2: tensor<10xT> = zeros

    func @logits(%x: tensor<128x784xT>) -> tensor<128x10xT> {
      %h0 = dense %x, @w0, @b0 {activation = relu}
      %h1 = dense %h0, @w1, @b1 {activation = relu}
      %z = dense %h1, @w2, @b2
      return %z
    }

    func @loss(%x: tensor<128x784xT>, %y: tensor<128xi64>) -> tensor<T> {
      %z = call @logits(%x)
      %l = softmax_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    gradient @slope of @loss wrt @w0, @b0, @w1, @b1, @w2, @b2
    """.replacing("T>", with: "\(element.rawValue)>")
  }

  /// The hash by which the script makes inputs and parameters: element `i` of the array with key `key`.
  private static func hash(_ i: Int, key: UInt32) -> UInt32 {
    var h = UInt32(truncatingIfNeeded: i) &* 2_654_435_761 &+ key &* 40503 &+ 12345
    h ^= h >> 15
    h = h &* 2_246_822_519
    return h ^ (h >> 13)
  }

  private static func uniform(_ extents: [Int], key: UInt32, _ element: ElementType, scale: Double) -> Tensor {
    let type = TensorType(extents, element)
    return Tensor(
      type, rounding: (0..<type.elementCount).map { (Double(hash($0, key: key)) / 4_294_967_296 - 0.5) * scale })
  }

  /// Logits, loss and gradients, compiled, are JAX's: in f64 to 1e-9, by norm; in f32 to 1e-5, where PyTorch's own f32
  /// is within 5e-7 of the greatest entry.
  @Test(arguments: [(ElementType.f64, 1e-9), (.f32, 1e-5)])
  func networkAgrees(_ element: ElementType, _ tolerance: Double) throws {
    let graph = try parsed(Self.network(element))
    func array(_ key: String) throws -> Tensor { try NPZ.read(Self.folder + "mlp.npz", key: key) }
    func expectAgreement(_ actual: [Double], _ key: String) throws {
      let expected = try array(key).doubles
      let difference = zip(actual, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(actual.count == expected.count && difference <= tolerance * norm, "\(key): \(difference) of \(norm)")
    }
    let x = Self.uniform([128, 784], key: 0, element, scale: 2)
    let labels = Tensor([128], (0..<128).map { Int64(Self.hash($0, key: 1) % 10) })
    let store = ParameterStore()
    let names = ["w0", "b0", "w1", "b1", "w2", "b2"]
    for (number, name) in names.enumerated() {
      let type = graph.parameters.first { $0.name == name }!.type
      let scale = type.rank == 2 ? (6 / Double(type.extents[0])).squareRoot() : 0.1
      store[name] = Self.uniform(type.extents, key: UInt32(number) + 2, element, scale: scale)
      if element == .f64 { #expect(Array(store[name]!.doubles.prefix(8)) == (try array(name + ".first").doubles)) }
    }
    func run(_ entry: String, _ arguments: [Tensor]) throws -> [Tensor] {
      let options = CompilerOptions(threads: 2, vocabulary: .standard)
      return try Compiler.compile(graph, entry: entry, options).run(arguments, store)
    }
    try expectAgreement(try run("logits", [x])[0].doubles, "jax.f64.logits")
    try expectAgreement(try run("loss", [x, labels])[0].doubles, "jax.f64.loss")
    for (name, gradient) in zip(names, try run("slope", [x, labels])) {
      let elements = gradient.doubles
      let norm = elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
      try expectAgreement([norm], "jax.f64.\(name).norm")
      // A sum of entries of both signs is as exact as their norm.
      let sum = elements.reduce(0, +) - (try array("jax.f64.\(name).sum").doubles[0])
      #expect(abs(sum) <= tolerance * norm * Double(elements.count).squareRoot(), "\(name).sum")
      try expectAgreement(Array(elements.prefix(20)), "jax.f64.\(name).first")
      let indices = try array(name + ".indices").integers
      try expectAgreement(indices.map { elements[Int($0)] }, "jax.f64.\(name).stride")
      if ["w2", "b2"].contains(name) { try expectAgreement(elements, "jax.f64.\(name)") }
    }
  }
}
