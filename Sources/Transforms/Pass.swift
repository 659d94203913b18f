import FraguaGraph
import FraguaKernels
import FraguaSource

/// A step of the compiler from a graph to a graph: a value with a name.
///
/// A pass is deterministic and a pure function of what its input prints as, so that a dump resumes where it was taken.
public struct Pass: Sendable {
  /// What a pass does.
  public typealias Body = @Sendable (Graph, PassContext) throws(Diagnostics) -> Graph

  /// The name that `--after`, golden files, graph headers and timing reports use.
  public let name: String
  /// One sentence.
  public let summary: String
  private let body: Body

  public init(name: String, summary: String, body: @escaping Body) {
    self.name = name
    self.summary = summary
    self.body = body
  }

  /// Runs the pass and writes its name as the stage into the header of the result.
  public func run(_ graph: Graph, _ context: PassContext) throws(Diagnostics) -> Graph {
    var result = try body(graph, context)
    result.stage = name
    return result
  }
}

/// What passes need besides the graph.
public struct PassContext: Sendable {
  /// A check of a graph that throws where a pass broke it.
  public typealias Verification = @Sendable (Graph) throws(Diagnostics) -> Void

  /// The operations, initializers and optimizers that there are.
  public var vocabulary: Vocabulary
  /// The functions to compile: of functions, gradients and trainings; empty means all trainings, or where there are
  /// none, all functions and gradients.
  public var entries: [String]
  /// The mode to compile for; `nil` is `train` for a training and `inference` for everything else.
  public var mode: Mode?
  /// What symbols are bound to.
  public var bindings: [String: Int]
  /// The processor that cost models estimate for.
  public var target: Target
  /// The largest total size of a function's arguments, results, parameters and any one value; beyond it `specialize`
  /// refuses.
  public var memoryLimitBytes: Int
  /// The most nodes of all functions once calls are inlined and gradients written; beyond it `inline` and
  /// `differentiate` refuse. `nil` is what the graph's own size allows (``ExpandedSize``).
  public var nodeLimit: Int?
  /// Called after every pass; tests set it.
  public var verifyAfterEachPass: Verification?

  public init(
    vocabulary: Vocabulary, entries: [String] = [], mode: Mode? = nil, bindings: [String: Int] = [:],
    target: Target = Target(.avx2), memoryLimitBytes: Int = 1 << 40, nodeLimit: Int? = nil,
    verifyAfterEachPass: Verification? = nil
  ) {
    self.vocabulary = vocabulary
    self.entries = entries
    self.mode = mode
    self.bindings = bindings
    self.target = target
    self.memoryLimitBytes = memoryLimitBytes
    self.nodeLimit = nodeLimit
    self.verifyAfterEachPass = verifyAfterEachPass
  }
}

extension Diagnostics {
  /// One error, as passes throw it.
  init(_ one: Diagnostic) { self.init([one]) }
}
