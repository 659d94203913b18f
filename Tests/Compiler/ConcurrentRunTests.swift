import FraguaCodeGen
import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaOperations
import FraguaRuntime
import FraguaSource
import FraguaTensors
import FraguaTraining
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// One compiled function, run by many threads at once: the bits that each alone gets.
///
/// `make races` runs these under Thread Sanitizer, which sees races that give the right bits by luck; there
/// ``theSanitizerSeesASharedFrame()`` shows that it would.
@Suite(.timeLimit(.minutes(10))) struct ConcurrentRunTests {
  /// Two layers whose products are worth two threads, the loss, and a training.
  private static let net = """
    graph @net version 1

    param @w: tensor<64x96xf32> = normal(stddev = 0.2)
    param @b: tensor<96xf32> = zeros
    param @v: tensor<96x8xf32> = normal(stddev = 0.2)

    func @predict(%x: tensor<Bx64xf32>) -> tensor<Bx8xf32> {
      %h = dense %x, @w, @b {activation = tanh}
      %y = matmul %h, @v
      return %y
    }

    func @loss(%x: tensor<Bx64xf32>, %y: tensor<Bx8xf32>) -> tensor<f32> {
      %p = call @predict(%x)
      %l = mean_squared_error %p, %y
      return %l
    }

    train @fit minimize @loss { optimizer = adam(learning_rate = 0.01) }

    """

  private static let rows = 128
  private static let callers = 8

  private static func compiled(_ entry: String, threads: Int) throws -> (CompiledFunction, [String: Tensor]) {
    let graph = try parsed(net)
    let options = CompilerOptions(bindings: ["B": rows], threads: threads, vocabulary: .standard)
    let compiled = try Compiler.compile(graph, entry: entry, options)
    let initial = try InitialParameters(graph, states: compiled.parameters, seed: 3, vocabulary: .standard)
    return (compiled, initial.tensors)
  }

  /// The arguments of caller `caller`, which are no other's.
  private static func arguments(_ types: [TensorType], _ caller: Int) -> [Tensor] {
    types.map { type in
      Tensor(type, rounding: (0..<type.elementCount).map { Double(($0 * 37 + caller * 101) % 211) / 211 - 0.5 })
    }
  }

  /// Runs `body` on as many threads as there are callers, which begin together; throws what one of them throws.
  private static func atOnce(_ body: @escaping @Sendable (Int) throws -> Void) throws {
    let shared = Shared()
    let threads = SystemThread.start(atMost: callers, stackBytes: SystemThread.compilerStackBytes) { number in
      shared.waiting.subtract(1, ordering: .acquiringAndReleasing)
      while shared.waiting.load(ordering: .acquiring) > 0 { sched_yield() }
      do { try body(number - 1) } catch { shared.failure.withLock { $0 = error } }
    }
    try #require(threads.count == callers)
    for thread in threads { thread.join() }
    if let error = shared.failure.withLock({ $0 }) { throw error }
  }

  /// What the threads of ``atOnce(_:)`` share: how many have not begun, and what one of them threw.
  private final class Shared: Sendable {
    let waiting = Atomic(callers)
    let failure = Mutex<(any Error)?>(nil)
  }

  private struct Wrong: Error {
    let what: String
  }

  /// With one thread a step, and with two, which one of the callers gets.
  @Test(arguments: [1, 2]) func readersOfASnapshotGetTheirOwnResults(_ threads: Int) throws {
    let (compiled, parameters) = try Self.compiled("predict", threads: threads)
    #expect(compiled.executable.threads == threads, "the step is worth \(threads) threads")
    let snapshot = ParameterSnapshot(parameters)
    let arguments = (0..<Self.callers).map { Self.arguments(compiled.argumentTypes, $0) }
    let expected = try arguments.map { try compiled.run($0, snapshot) }
    try Self.atOnce { caller in
      for round in 0..<100 {
        let results = try compiled.run(arguments[caller], snapshot)
        if !results[0].hasSameBits(as: expected[caller][0]) { throw Wrong(what: "caller \(caller), round \(round)") }
      }
    }
    #expect(compiled.executable.frameCount <= Self.callers, "memory is kept, and no more of it than there are callers")
  }

  /// Who keeps a frame finds its memory in the same place, and so do others later.
  @Test func framesAreKept() throws {
    let (compiled, parameters) = try Self.compiled("predict", threads: 1)
    let snapshot = ParameterSnapshot(parameters)
    let executable = compiled.executable
    func address() throws -> UnsafeMutableRawPointer? {
      let frame = executable.frame()
      try frame.step(snapshot)
      return frame.argumentMemory(0).baseAddress
    }
    let first = try address()
    for _ in 0..<10 { #expect(try address() == first) }
    let (one, other) = (executable.frame(), executable.frame())
    #expect(one.argumentMemory(0).baseAddress != other.argumentMemory(0).baseAddress)
    #expect(executable.frameCount == 2)
  }

  /// Trainings with parameters of their own, which all run one function.
  @Test(arguments: [1, 2]) func trainingsDoNotDisturbEachOther(_ threads: Int) throws {
    let (compiled, parameters) = try Self.compiled("fit", threads: threads)
    @Sendable func train(_ caller: Int) throws -> [String: Tensor] {
      let store = ParameterStore(parameters)
      let arguments = Self.arguments(compiled.argumentTypes, caller)
      let frame = compiled.executable.frame()
      for _ in 0..<30 { _ = try frame.run(arguments, store) }
      return Dictionary(uniqueKeysWithValues: store.names.map { ($0, store[$0]!) })
    }
    let expected = try (0..<Self.callers).map(train)
    try Self.atOnce { caller in
      for (name, tensor) in try train(caller) where !tensor.hasSameBits(as: expected[caller][name]!) {
        throw Wrong(what: "@\(name) of caller \(caller)")
      }
    }
  }

  /// Batches of several sizes, of which some are compiled while others run.
  @Test func aPredictorIsShared() throws {
    let graph = try parsed(Self.net)
    let initial = try InitialParameters(graph, states: [], seed: 3, vocabulary: .standard)
    func predictor() throws -> Predictor {
      try Predictor(
        graph, function: "predict", parameters: initial.tensors, options: ExecutionOptions(batch: 64, threads: 2))
    }
    let data = try (0..<Self.callers).map { caller in
      let tensor = Self.arguments([TensorType([100 + caller / 2, 64], .f32)], caller)[0]
      return try Dataset([Dataset.Column("x", tensor)])
    }
    let alone = try predictor()
    let expected = try data.map { try alone.predict($0)[0] }
    let shared = try predictor()
    try Self.atOnce { caller in
      for _ in 0..<20 {
        let result = try shared.predict(data[caller])[0]
        if !result.hasSameBits(as: expected[caller]) { throw Wrong(what: "caller \(caller)") }
      }
    }
  }

  /// Nothing changes a snapshot: neither the store that it was taken of nor a function.
  @Test func aSnapshotStays() throws {
    let (compiled, parameters) = try Self.compiled("fit", threads: 1)
    let store = ParameterStore(parameters)
    let snapshot = store.snapshot()
    let arguments = Self.arguments(compiled.argumentTypes, 0)
    _ = try compiled.run(arguments, store)
    #expect(!store["w"]!.hasSameBits(as: parameters["w"]!))
    #expect(snapshot.names == store.names)
    for name in snapshot.names { #expect(snapshot[name]!.hasSameBits(as: parameters[name]!)) }
    let error = #expect(throws: Diagnostic.self) { try compiled.run(arguments, snapshot) }
    #expect(
      error?.message.wholeMatch(of: /'@fit' updates the parameter '@[a-z.]+', which a snapshot does not allow/) != nil)
  }

  /// A frame follows its caller's parameters: to another store, and where one of them is replaced.
  @Test func framesFollowTheirParameters() throws {
    let (compiled, parameters) = try Self.compiled("predict", threads: 1)
    let arguments = Self.arguments(compiled.argumentTypes, 0)
    let zeros = ParameterStore(parameters.mapValues { Tensor($0.type) { _ in Scalar(0, as: .f32) } })
    let store = ParameterStore(parameters)
    let frame = compiled.executable.frame()
    let expected = try frame.run(arguments, store)[0]
    #expect(try frame.run(arguments, zeros)[0].doubles.allSatisfy { $0 == 0 })
    #expect(try frame.run(arguments, store)[0].hasSameBits(as: expected))
    store["v"] = nil
    #expect(throws: Diagnostic.self) { try frame.run(arguments, store) }
    store["v"] = parameters["v"]
    #expect(try frame.run(arguments, store)[0].hasSameBits(as: expected))
    #expect(throws: Diagnostic.self) { try frame.run(arguments) }
  }

  /// Whether this process runs under Thread Sanitizer.
  private static let isSanitized = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "__tsan_init") != nil

  /// The positive control: two threads in one frame, as two callers of one function once were, are a race that
  /// the sanitizer reports, and ends the process with status 66 for.
  @Test(.enabled(if: isSanitized, "needs Thread Sanitizer")) func theSanitizerSeesASharedFrame() async throws {
    let result = try await #require(processExitsWith: .exitCode(66), observing: [\.standardErrorContent]) {
      let (compiled, parameters) = try Self.compiled("predict", threads: 1)
      let snapshot = ParameterSnapshot(parameters)
      nonisolated(unsafe) let frame = compiled.executable.frame()
      try Self.atOnce { caller in
        let arguments = Self.arguments(compiled.argumentTypes, caller)
        // So often that the threads meet, however busy the processors are.
        for _ in 0..<500 { _ = try frame.run(arguments, snapshot) }
      }
    }
    #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("data race"))
  }
}
