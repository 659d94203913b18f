import FraguaGraph
import FraguaKernels
import FraguaTransforms
import Testing

/// Cases in which the bytes decide what fusion does.
@Suite struct FusionChoiceTests {
  /// What fusion makes of a function.
  private struct Outcome {
    let function: Function
    /// `%a -> %b: ...`
    let decisions: [String]

    init(_ text: String, _ set: Target.InstructionSet) throws {
      let passed = try Pipeline.standard.run(
        try parsed("graph @choice version 1\n\n" + text), after: lastPass, context("f")
      ).0
      let before = try #require(passed.function(named: "f"))
      function = Fusion.fuse(before, target: Target(set))
      try GraphVerifier.check(Graph(name: "fused", functions: [function]))
      let name = { (value: Value) in before.valueNames[value.id] ?? "?" }
      decisions = Fusion.decisions(before, target: Target(set)).map {
        "%\(name($0.producer)) -> %\(name($0.consumer)): \($0.text)"
      }
    }

    /// The form of the region that computes `name`.
    func form(of name: String) -> String? {
      for node in function.nodes {
        guard case .fused(_, let region) = node.kind, case .keyword(let form)? = node.attributes["form"]
        else { continue }
        let names = region.function.nodes.flatMap(\.results).map { region.function.valueNames[$0.id] }
        if names.contains(name) { return form }
      }
      return nil
    }

    var regionCount: Int { function.nodes.count { if case .fused = $0.kind { true } else { false } } }
  }

  private static let sets: [Target.InstructionSet] = [.avx512, .avx2, .scalar]

  /// The row's maximum is small, the product is large: the difference is computed where the product is, although the
  /// maximum comes later in the text.
  @Test(arguments: sets) func joinsWhereMostBytesAreSaved(_ set: Target.InstructionSet) throws {
    let outcome = try Outcome(
      """
      func @f(%x: tensor<64x48xf32>, %w: tensor<48x96xf32>, %u: tensor<64x96xf32>) -> tensor<64x96xf32> {
        %z = matmul %x, %w
        %m = reduce_max %u {axes = [1]}
        %b = broadcast %m {to = tensor<64x96xf32>, axes = [0]}
        %s = subtract %z, %b
        return %s
      }
      """, set)
    #expect(outcome.regionCount == 2)
    #expect(outcome.form(of: "s") == "contract")
    let reason = "in another region that it can join it saves 49152 bytes, in that one 512"
    #expect(
      outcome.decisions == [
        "%m -> %b: not fused because \(reason); 256 bytes written and read",
        "%z -> %s: fused because both have the same index space; saves 49152 bytes",
        "%b -> %s: computed again where it is used: cheaper than reading 24576 bytes",
      ])
  }

  /// Of two products the one joins the sum that nothing else reads; which comes first does not matter.
  @Test(arguments: [true, false]) func joinsWhatNeedNotBeWritten(_ isFirst: Bool) throws {
    let products = ["%a = matmul %x, %w", "%k = matmul %x, %v"]
    let outcome = try Outcome(
      """
      func @f(%x: tensor<64x48xf32>, %w: tensor<48x96xf32>, %v: tensor<48x96xf32>, %q: tensor<96x8xf32>)
          -> (tensor<64x96xf32>, tensor<64x8xf32>) {
        \((isFirst ? products : products.reversed()).joined(separator: "\n  "))
        %p = matmul %k, %q
        %s = add %a, %k
        return %s, %p
      }
      """, .avx2)
    #expect(outcome.decisions.contains("%a -> %s: fused because both have the same index space; saves 49152 bytes"))
    #expect(
      outcome.decisions.contains(
        "%k -> %p: not fused because a product reads its operands from memory, many times; 24576 bytes written and read"
      ))
    #expect(
      outcome.decisions.contains(
        "%k -> %s: not fused because in another region that it can join it saves 49152 bytes, in that one 24576; "
          + "24576 bytes written and read"))
  }

  /// What is read at other places than where it is computed would be computed twice in one region: that costs more than
  /// it saves.
  @Test func whatIsReadElsewhereStaysApart() throws {
    let outcome = try Outcome(
      """
      func @f(%x: tensor<64x64xf32>, %w: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
        %e = exp %x
        %z = matmul %x, %w
        %t = transpose %e {permutation = [1, 0]}
        %s = add %z, %t
        return %s, %e
      }
      """, .avx512)
    #expect(outcome.regionCount == 2)
    #expect(outcome.form(of: "e") == "map")
    #expect(
      outcome.decisions.contains(
        "%e -> %t: not fused because it is read at other places than where it is computed; 16384 bytes written and read"
      ))
  }

  /// What is read through a reshape and a transpose must have been written when its reader runs.
  @Test func aReshapesReaderIsNoPartOfWhatItReads() throws {
    let outcome = try Outcome(
      """
      func @f(%x: tensor<4x6xf32>, %y: tensor<4x50xf32>, %w: tensor<50x6xf32>) -> tensor<4x6xf32> {
        %e = exp %x
        %r = reshape %e {to = tensor<6x4xf32>}
        %t = transpose %r {permutation = [1, 0]}
        %z = matmul %y, %w
        %s = add %z, %t
        return %s
      }
      """, .avx2)
    #expect(outcome.regionCount == 2)
    #expect(outcome.form(of: "e") == "map" && outcome.form(of: "s") == "contract")
    #expect(
      outcome.decisions.contains(
        "%e -> %r: not fused because it is read at other places than where it is computed; 96 bytes written and read"))
  }

  /// A view of what a region computes, used there and returned: the region has a copy of it, another stores it, and
  /// neither waits for the other.
  @Test func aViewThatIsReturnedIsStoredBesides() throws {
    let outcome = try Outcome(
      """
      func @f(%x: tensor<40x60xf32>) -> (tensor<40x60xf32>, tensor<40x60xf32>) {
        %e = exp %x
        %m = reduce_max %e {axes = [1]}
        %b = broadcast %m {to = tensor<40x60xf32>, axes = [0]}
        %s = subtract %e, %b
        return %s, %b
      }
      """, .avx2)
    #expect(outcome.regionCount == 2)
    #expect(outcome.form(of: "s") == "rows")
    #expect(outcome.decisions.contains("%b -> %s: computed again where it is used: cheaper than reading 9600 bytes"))
  }

  /// A sum of two vectors is cheap, but not where each of thousands of rows computes it again; how many rows are too
  /// many depends on the processor.
  @Test func repetitionsAreCounted() throws {
    func form(_ rows: Int, _ set: Target.InstructionSet) throws -> String? {
      let outcome = try Outcome(
        """
        func @f(%x: tensor<\(rows)x512xf32>, %a: tensor<512xf32>, %b: tensor<512xf32>) -> tensor<\(rows)x512xf32> {
          %c = add %a, %b
          %d = broadcast %c {to = tensor<\(rows)x512xf32>, axes = [1]}
          %e = exp %x
          %s = multiply %e, %d
          return %s
        }
        """, set)
      return outcome.regionCount == 1 ? nil : outcome.form(of: "c")
    }
    #expect(try form(4, .avx512) == nil)
    #expect(try form(50, .avx512) == nil)
    #expect(try form(50, .avx2) == "map")
    #expect(try form(1000, .avx512) == "map")
  }
}
