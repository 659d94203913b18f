import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import Testing

@Suite struct PipelineTests {
  /// Every pass has a name of its own and a summary of one sentence.
  @Test func table() {
    let names = Pipeline.standard.passes.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(
      names == [
        "inline", "specialize", "differentiate", "expand-optimizers", "decompose", "simplify", "constant-fold",
        "common-subexpressions", "dead-code", "fuse",
      ])
    for pass in Pipeline.standard.passes { #expect(!pass.summary.isEmpty && !pass.summary.hasSuffix(".")) }
  }

  /// The header says how far a dump is and what it was made for; a timing for every pass that ran.
  @Test func header() throws {
    let graph = try parsed(SampleGraphs.student)
    let inlined = try Pipeline.standard.run(graph, after: "inline", context("fit", bind: ["B": 8]))
    #expect(inlined.graph.stage == "inline" && inlined.graph.mode == nil && inlined.graph.bindings.isEmpty)
    let (result, timings) = try Pipeline.standard.run(graph, after: "decompose", context("fit", bind: ["B": 8]))
    #expect(result.stage == "decompose" && result.mode == .train && result.bindings == ["B": 8])
    #expect(timings.map(\.pass) == ["inline", "specialize", "differentiate", "expand-optimizers", "decompose"])
  }

  /// Going on from a printed dump of any stage gives the text that going through gives.
  @Test(arguments: [SampleGraphs.student, SampleGraphs.fashion]) func resume(_ text: String) throws {
    let graph = try parsed(text)
    let context = context("fit", bind: ["B": 8])
    let whole = GraphPrinter.print(try Pipeline.standard.run(graph, context).graph)
    for pass in Pipeline.standard.passes.prefix(while: { $0.name != "fuse" }) {
      let dump = GraphPrinter.print(try Pipeline.standard.run(graph, after: pass.name, context).graph)
      let again = GraphPrinter.print(try Pipeline.standard.run(try parsed(dump), context).graph)
      #expect(again == whole, "resumed after '\(pass.name)'")
    }
  }

  /// A pass may run twice: its second stage has a name of its own, after which a dump goes on.
  @Test func twice() throws {
    let passes = Pipeline.standard.passes
    let folding = try #require(passes.firstIndex { $0.name == "constant-fold" })
    let pipeline = Pipeline(passes[...folding] + [Simplify.pass] + passes[(folding + 1)...])
    #expect(
      Array(pipeline.stages.map(\.name)[5...8]) == ["simplify", "constant-fold", "simplify.2", "common-subexpressions"])
    let graph = try parsed(SampleGraphs.student)
    let context = context("fit", bind: ["B": 8])
    let whole = GraphPrinter.print(try pipeline.run(graph, context).graph)
    for stage in ["simplify", "simplify.2"] {
      let (dump, timings) = try pipeline.run(graph, after: stage, context)
      #expect(dump.stage == stage && timings.last?.pass == stage)
      let again = try parsed(GraphPrinter.print(dump))
      try pipeline.checkStage(of: again)
      #expect(
        GraphPrinter.print(try pipeline.run(again, context).graph) == whole, "resumed after '\(stage)'"
      )
    }
    let first = try pipeline.run(graph, after: "simplify", context).graph
    let both = errors { () throws(Diagnostics) in try Pipeline.standard.run(first, after: "simplify.2", context) }
    #expect(both[0].message == "there is no pass 'simplify.2'")
  }

  /// What a resumed dump is refused for.
  @Test func disagreement() throws {
    let graph = try parsed(SampleGraphs.student)
    let dump = try Pipeline.standard.run(graph, after: "simplify", context("fit", bind: ["B": 8])).graph
    let bound = errors { () throws(Diagnostics) in try Pipeline.standard.run(dump, context("fit", bind: ["B": 9])) }
    #expect(bound[0].message == "the dump of '@student' was made with B=8, not B=9")
    let entry = errors { () throws(Diagnostics) in try Pipeline.standard.run(dump, context("predict")) }
    #expect(entry[0].message == "the dump of '@student' has no function '@predict'")
    var inference = context("fit")
    inference.mode = .inference
    let mode = errors { () throws(Diagnostics) in try Pipeline.standard.run(dump, inference) }
    #expect(mode[0].message == "the dump of '@student' was made in the mode 'train', not 'inference'")
    let late = errors { () throws(Diagnostics) in try Pipeline.standard.run(dump, after: "inline", context("fit")) }
    #expect(late[0].message == "the dump was taken after the pass 'simplify', which comes after 'inline'")
    let unknown = errors { () throws(Diagnostics) in try Pipeline.standard.run(dump, after: "simplfy", context("fit")) }
    #expect(unknown[0].message == "there is no pass 'simplfy'")
    #expect(unknown[0].notes.map(\.message) == ["did you mean 'simplify'?"])
  }

  /// A pass that breaks the graph is named.
  @Test func verification() throws {
    let breaking = Pass(name: "break", summary: "forget the arguments") { graph, _ in
      var graph = graph
      graph.functions[0].arguments = []
      return graph
    }
    let graph = try parsed(SampleGraphs.student)
    let found = errors { () throws(Diagnostics) in try Pipeline([breaking]).run(graph, context()) }
    #expect(found[0].notes.last?.message == "found after the pass 'break', which is a defect of it")
  }

  /// The batch symbol is the common leading symbol.
  @Test func batchSymbol() throws {
    let graph = try parsed(
      """
      graph @g version 1
      param @w: tensor<2xf32> = zeros
      func @same(%x: tensor<Bx2xf32>, %y: tensor<Bxf32>, %c: tensor<f32>, %k: tensor<3xf32>) -> tensor<f32> {
        %p = multiply %x, @w
        %s = reduce_sum %p
        return %s
      }
      func @different(%x: tensor<Bx2xf32>, %y: tensor<Cxf32>) -> tensor<Bx2xf32> { return %x }
      func @none(%x: tensor<4xf32>) -> tensor<4xf32> { return %x }
      gradient @d of @same wrt %x
      train @fit minimize @same { optimizer = sgd() }
      """)
    #expect(graph.batchSymbol(of: "same") == "B")
    #expect(graph.batchSymbol(of: "d") == "B")
    #expect(graph.batchSymbol(of: "fit") == "B")
    #expect(graph.batchSymbol(of: "different") == nil)
    #expect(graph.batchSymbol(of: "none") == nil)
    #expect(graph.batchSymbol(of: "missing") == nil)
  }
}
