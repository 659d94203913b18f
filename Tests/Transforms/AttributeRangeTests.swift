import FraguaGraph
import FraguaSource
import FraguaTransforms
import Testing

/// What the schemas allow.
@Suite struct AttributeRangeTests {
  private static let vocabulary = Vocabulary.standard

  /// The words that take attributes.
  private static let schemas: [(owner: String, schema: AttributeSchema)] = [
    vocabulary.operations.all.map { ($0.name, $0.schema) }, vocabulary.optimizers.all.map { ($0.name, $0.schema) },
    vocabulary.initializers.all.map { ($0.name, $0.schema) },
  ].flatMap { $0 }.flatMap { owner, schemas in schemas.map { (owner: owner, schema: $0) } }

  @Test func contains() {
    #expect(AttributeRange.finite.contains(-1e308) && !AttributeRange.finite.contains(.infinity))
    #expect(AttributeRange.atLeast(0).contains(0) && !AttributeRange.atLeast(0).contains(-.leastNonzeroMagnitude))
    #expect(AttributeRange.above(0).contains(.leastNonzeroMagnitude) && !AttributeRange.above(0).contains(0))
    let share = AttributeRange.from(0, below: 1)
    #expect(share.contains(0) && share.contains(1.0.nextDown) && !share.contains(1) && !share.contains(-0.1))
    let closed = AttributeRange.between(1, and: 3)
    #expect(closed.contains(1) && closed.contains(3) && !closed.contains(3.0.nextUp) && !closed.contains(0))
    for range in [.finite, .atLeast(0), .above(0), share, closed] { #expect(!range.contains(.nan)) }
  }

  /// What is left out is allowed.
  @Test func defaultsAreInRange() {
    for (owner, schema) in Self.schemas where schema.range != nil {
      switch schema.defaultValue {
      case .float(let x)?: #expect(schema.range!.contains(x), "\(schema.name) of \(owner)")
      case .integer(let n)?: #expect(schema.range!.contains(Double(n)), "\(schema.name) of \(owner)")
      case nil: break
      default: Issue.record("\(schema.name) of \(owner) has a range, but is no number")
      }
    }
  }

  /// No number of an optimizer may be anything.
  @Test func everyNumberOfAnOptimizerHasARange() {
    for optimizer in Self.vocabulary.optimizers.all {
      for schema in optimizer.schema {
        if case .float = schema.kind { #expect(schema.range != nil, "\(schema.name) of \(optimizer.name)") }
      }
    }
  }

  /// What Keras and PyTorch allow too, at the ends of the ranges.
  @Test(
    arguments: [
      ("sgd", ["learning_rate": 0, "momentum": 0]), ("adam", ["beta_1": 0, "beta_2": 0, "epsilon": 0]),
      ("adagrad", ["initial_accumulator_value": 0, "epsilon": 0]), ("rmsprop", ["rho": 0, "epsilon": 0]),
      ("adadelta", ["rho": 0, "learning_rate": 1]), ("adam", ["learning_rate": 10, "beta_1": 0.9999999]),
    ] as [(String, [String: Double])])
  func allows(_ optimizer: String, _ attributes: [String: Double]) throws {
    let schema = try #require(Self.vocabulary.optimizers[optimizer]?.schema)
    let checked = try AttributeSchema.check(attributes.mapValues { .float($0) }, against: schema, of: optimizer)
    for (name, value) in attributes { #expect(checked[name] == .float(value)) }
  }

  /// Integers are held against a range as numbers are.
  @Test func integersAreChecked() {
    let schema = [AttributeSchema("depth", .integer, range: .between(1, and: 3), summary: "The depth.")]
    #expect(throws: Never.self) { try AttributeSchema.check(["depth": .integer(3)], against: schema, of: "f") }
    let error = #expect(throws: Diagnostic.self) {
      try AttributeSchema.check(["depth": .integer(4)], against: schema, of: "f")
    }
    #expect(error?.message == "the attribute 'depth' of 'f' is 4, but must be from 1 to 3")
    #expect(error?.notes.map(\.message) == ["depth: The depth."])
  }
}
