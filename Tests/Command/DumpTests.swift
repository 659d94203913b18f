import Foundation
import FraguaData
import FraguaTensors
import Testing

/// Every dump is a program: after each pass and at each stage, what `print` shows checks, reads back as the same text,
/// and runs to the same bits as the graph that it was made from.
@Suite(.timeLimit(.minutes(10))) struct DumpTests {
  /// A function of a graph, with data for it.
  struct Program: CustomTestStringConvertible {
    let graph: String
    let function: String

    var testDescription: String { "\(graph) @\(function)" }

    /// Whether it takes labels too.
    var takesLabels: Bool { function != "predict" }
  }

  static let programs = ["student", "fashion"].flatMap { graph in
    ["fit", "predict", "loss"].map { Program(graph: graph, function: $0) }
  }
  static let passes = [
    "inline", "specialize", "differentiate", "expand-optimizers", "decompose", "simplify", "constant-fold",
    "common-subexpressions", "dead-code", "fuse",
  ]

  @Test func theListOfPassesIsWhole() throws {
    let listed = try succeed("passes", "--json").objects()
    #expect(listed.filter { $0["kind"] as? String == "pass" }.map { $0["name"] as? String } == Self.passes)
    #expect(
      listed.filter { $0["kind"] as? String == "stage" }.map { $0["name"] as? String } == [
        "kernels", "schedule", "plan", "llvm", "asm", "dot",
      ])
  }

  @Test(arguments: programs) func passes(program: Program) throws {
    let bench = try Bench(program)
    for pass in Self.passes {
      let dump = try bench.dump(["--after", pass], name: pass)
      // All sums, also those of `inline`, run in the same order: the same bits.
      try bench.expectSameResults(dump, options: [], "after \(pass)")
    }
  }

  @Test(arguments: programs) func stages(program: Program) throws {
    let bench = try Bench(program)
    for stage in ["kernels", "schedule", "plan"] {
      let dump = try bench.dump(["--stage", stage], name: stage)
      try bench.expectSameResults(dump, options: [], "at \(stage)")
      if stage == "kernels" {
        try bench.expectSameResults(dump, options: ["--interpret"], "\(stage), interpreted")
        // The scheduler and the planner go on from it.
        for later in ["schedule", "plan"] {
          let continued = try succeed("print", dump, "--stage", later, in: bench.folder.path).output
          #expect(continued == (try bench.print(["--stage", later])))
        }
      }
    }
  }

  /// A dump has the symbols that it was made with, and no others to bind.
  @Test func symbolsOfDumps() throws {
    let bench = try Bench(Program(graph: "student", function: "predict"))
    let made = "--bind B=3".split(separator: " ").map(String.init)
    let fused = try bench.dump(["--after", "fuse"], name: "fuse")
    #expect(try fragua(["print", fused] + made, in: bench.folder.path).status == 0)
    let kernels = try bench.dump(["--stage", "kernels"], name: "kernels")
    for (command, known) in [
      (["print", fused], "the symbols are 'B'"), (["print", fused, "--stage", "plan"], "the symbols are 'B'"),
      (["run", fused, "--data", "x=x.npy", "--interpret"], "the symbols are 'B'"),
      (["print", kernels], "all extents are numbers already"),
      (["run", kernels, "--data", "x=x.npy"], "all extents are numbers already"),
    ] {
      let outcome = try fragua(command + ["--bind", "C=3"], in: bench.folder.path)
      #expect(outcome.status == 1 && outcome.output == "", "\(command)")
      #expect(outcome.error.hasPrefix("error: there is no symbol 'C' to bind in '"), "\(outcome.error)")
      #expect(outcome.error.hasSuffix("note: \(known)\n"), "\(outcome.error)")
    }
  }

  /// A dump is of one batch, and says of which where another is wanted.
  @Test func trainingADumpOnAnotherBatch() throws {
    let bench = try Bench(Program(graph: "student", function: "fit"))
    let dump = try bench.dump(["--after", "fuse"], name: "fuse")
    try NPY.write(Tensor([4, 2], [Float](repeating: 1, count: 8)), to: bench.folder.file("x4.npy"))
    try NPY.write(Tensor([4, 1], [Float](repeating: 1, count: 4)), to: bench.folder.file("y4.npy"))
    func train(_ x: String, _ y: String, _ options: String...) throws -> FraguaProcess.Outcome {
      let data = ["--data", "x=\(x)", "--data", "y=\(y)", "--epochs", "1"]
      return try fragua(["train", dump] + data + options, in: bench.folder.path)
    }
    #expect(try train("x.npy", "y.npy").status == 0)
    #expect(try train("x.npy", "y.npy", "--batch", "3", "--bind", "B=3").status == 0)
    for (outcome, message) in [
      (
        try train("x.npy", "y.npy", "--batch", "2"),
        "the batch is 2, but '@fit' was made for batches of 3 rows\n"
          + "note: leave the batch out, or use the graph that the dump was made from"
      ),
      (
        try train("x.npy", "y.npy", "--bind", "B=2"),
        "the dump of '@student' was made with B=3, not B=2\n"
          + "note: print the original file again with '--bind B=2'"
      ),
      (
        try train("x4.npy", "y4.npy"),
        "'@fit' takes exactly 3 rows at a time, which do not divide the 4 rows that there are\n"
          + "note: a dump is made for one batch; a graph whose batch is a symbol, such as B, takes a smaller last batch\n"
          + "note: in the training data"
      ),
    ] {
      #expect(outcome.status == 1 && outcome.error == "error: \(message)\n", "\(outcome.error)")
    }
  }

  /// A schedule and a plan that people have changed, or that are for other vectors, are refused before they run.
  @Test func changedSchedules() throws {
    let bench = try Bench(Program(graph: "fashion", function: "predict"))
    let options = ["--cpu", "avx2", "--threads", "2", "--stage", "plan"]
    let whole = try bench.print(options)
    let tile = try #require(whole.firstMatch(of: /\ tile n \d+ x \d+/)).output
    let place = try #require(whole.firstMatch(of: /\n  %[^ ]+ at \d+/)).output
    let stride = try #require(whole.firstMatch(of: /\ stride \d+/)).output
    let scratch = try #require(whole.firstMatch(of: /(?m) scratch \d+$/)).output
    for (old, new, message) in [
      (String(tile), " tile n 0 x 8", "which no register file holds"),
      (String(tile), " tile k 4 x 16", "but its sums are chains along k"),
      (String(tile), " tile n 4 x 12", "whose lanes are no multiple of the 8 of a vector"),
      (String(scratch), " scratch 64", "bytes of scratch, but needs"),
      ("schedule 2 threads", "schedule 0 threads", "0 threads"), (String(place), "", "has no place"),
      (String(stride), " stride 64", "a thread's scratch has 64 bytes"),
    ] {
      let changed = whole.replacing(old, with: new, maxReplacements: 1)
      try #require(changed != whole, "\(old)")
      let path = try bench.folder.write("changed.kernels", changed)
      for command in [
        ["print", path, "--stage", "asm"], ["run", path, "--data", "x=x.npy", "--params", "parameters.safetensors"],
      ] {
        let outcome = try fragua(command + ["--cpu", "avx2"], in: bench.folder.path)
        #expect(outcome.status == 1 && outcome.output == "", "\(command), \(new)")
        #expect(outcome.error.contains("cannot run: ") && outcome.error.contains(message), "\(new): \(outcome.error)")
      }
    }
    let path = try bench.folder.write("whole.kernels", whole)
    let elsewhere = try fragua(["print", path, "--stage", "asm", "--cpu", "avx512"], in: bench.folder.path)
    #expect(elsewhere.status == 1 && elsewhere.error.contains("'--cpu' chooses another"), "\(elsewhere.error)")
  }

  /// The tile of a product whose sums run in lanes is theirs.
  @Test func changedTilesOfLanes() throws {
    let folder = try TestFolder()
    let graph = """
      graph @product version 1
      func @f(%a: tensor<9x64xf32>, %b: tensor<64x1xf32>) {
        %c = matmul %a, %b
        return %c
      }
      """
    let path = try folder.write("product.graph", graph)
    let whole = try fragua(["print", path, "--stage", "plan", "--cpu", "avx2"], in: folder.path).output
    try #require(whole.contains(" tile k 4 x 16 "))
    for (tile, message) in [
      ("n 4 x 16", "but its sums run in lanes along k"), ("k 4 x 32", "but sums in lanes have 16"),
      ("k 20 x 16", "but sums in lanes have 16"),
    ] {
      let changed = try folder.write("changed.kernels", whole.replacing("tile k 4 x 16", with: "tile \(tile)"))
      let outcome = try fragua(["print", changed, "--stage", "asm", "--cpu", "avx2"], in: folder.path)
      #expect(outcome.status == 1 && outcome.output == "" && outcome.error.contains(message), "\(outcome.error)")
    }
  }

  /// Whether `line` is one of `--explain-fusion`.
  private static func isDecision(_ line: String) -> Bool {
    line.contains(
      /^%[^ ]+ -> %[^ ]+: (fused because .+; saves|not fused because .+;|computed again .+ reading) \d+ byte/)
  }

  /// Decisions name the values of the dump, also where it holds what nothing needs.
  @Test func decisionsOfAnEditedDump() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "edited.graph",
      """
      graph @edited version 1 {stage = "dead-code", mode = "inference"}
      func @f(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
        %nobodys = sqrt %x : tensor<3x2xf32>
        %e = exp %x : tensor<3x2xf32>
        %y = negate %e : tensor<3x2xf32>
        return %y
      }
      """)
    let lines = try succeed("print", path, "--explain-fusion").lines
    #expect(lines.count == 2 && lines.last?.hasPrefix("%e -> %y: fused ") == true, "\(lines)")
    #expect(lines[0] == "values are called as in 'print --after dead-code'")
  }

  /// Why a function is not one region, a row a lane, with the value that stands in the way.
  @Test(arguments: [
    ("%x: tensor<1x10xf32>", "%y = softmax %x", "there is one row"),
    ("%x: tensor<f32>", "%y = exp %x", "no argument has rows"),
    ("%x: tensor<Bx2xf32>, %z: tensor<3x2xf32>", "%y = exp %x", "arguments differ in how many rows they have"),
    ("%x: tensor<Bx2xf32>", "%y = reduce_max %x {axes = [0]}", "%y cannot be computed row by row"),
    ("%x: tensor<Bx300xf32>", "%y = tanh %x", "instructions are more than 800"),
  ]) func refusedLanes(_ arguments: String, _ line: String, _ reason: String) throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "f.graph", "graph @g version 1\nfunc @f(\(arguments)) {\n  \(line)\n  return %y\n}\n")
    let binding = arguments.contains("B") ? ["--bind", "B=4"] : []
    let outcome = try fragua(["print", path, "--explain-fusion"] + binding, in: folder.path)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count >= 2 && lines[1].hasPrefix("all of it as one region, a row a lane: refused because "))
    #expect(lines[1].contains(reason), "\(lines[1])")
  }

  /// What only people and other tools read.
  @Test(arguments: programs) func codeAndDrawing(program: Program) throws {
    let bench = try Bench(program)
    let llvm = try bench.print(["--stage", "llvm"])
    #expect(llvm.contains("define void @fragua_step(ptr ") && llvm.contains("ret void\n}"))
    #expect(llvm.contains(/<(4|8|16) x float>/))
    let assembly = try bench.print(["--stage", "asm"])
    #expect(assembly.contains("step:") && assembly.contains("ret"))
    let drawing = try bench.print(["--stage", "dot"])
    #expect(drawing.hasPrefix("digraph \"\(program.function)\" {\n") && drawing.hasSuffix("}\n"))
    #expect(drawing.count { $0 == "{" } == drawing.count { $0 == "}" } && !drawing.contains("unknown"))
    let explained = try succeed(
      "print", bench.graph, "--function", program.function, "--bind", "B=3", "--explain-fusion"
    ).lines
    let decisions = explained.dropFirst().drop {
      $0.hasPrefix("all of it as one region, a row a lane: refused because ")
    }
    #expect(!decisions.isEmpty && decisions.allSatisfy { Self.isDecision(String($0)) })
  }

  /// A program with its data and parameters, and what running it gives.
  private final class Bench {
    let program: Program
    let folder: TestFolder
    /// The path of the graph.
    let graph: String
    /// The arguments of `run` that give the data and the parameters.
    private let inputs: [String]
    private let expected: [String: Data]

    init(_ program: Program) throws {
      self.program = program
      folder = try TestFolder()
      graph = "\(repository)/graphs/\(program.graph).graph"
      let rows = 3
      if program.graph == "student" {
        try NPY.write(Tensor([rows, 2], [4, 5, 10, 2.5, 0, 1] as [Float]), to: folder.file("x.npy"))
        try NPY.write(Tensor([rows, 1], [1, 1, 0] as [Float]), to: folder.file("y.npy"))
      } else {
        let pixels = (0..<rows * 784).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) }
        try NPY.write(Tensor([rows, 28, 28], pixels), to: folder.file("x.npy"))
        try NPY.write(Tensor([rows], [9, 0, 4] as [UInt8]), to: folder.file("y.npy"))
      }
      let data = ["--data", "x=x.npy"] + (program.takesLabels ? ["--data", "y=y.npy"] : [])
      // Trained a step, so that the optimizer's state is not all zeros.
      try succeed(
        "train", graph, "--data", "x=x.npy", "--data", "y=y.npy", "--epochs", "1", "--out", ".", in: folder.path)
      inputs = data + ["--params", "parameters.safetensors"]
      expected = try Self.results(["run", graph, "--function", program.function] + inputs, folder, to: "expected")
    }

    /// What `print` shows.
    func print(_ options: [String]) throws -> String {
      let arguments = ["print", graph, "--function", program.function, "--bind", "B=3"] + options
      let outcome = try fragua(arguments)
      try #require(outcome.status == 0, "\(outcome.error)")
      return outcome.output
    }

    /// Writes what `print` shows to a file, which checks and reads back as the same text.
    func dump(_ options: [String], name: String) throws -> String {
      let text = try print(options)
      let path = try folder.write("\(name).dump", text)
      try succeed("check", path)
      #expect(try succeed("print", path).output == text, "\(name) reads back as another text")
      return path
    }

    /// Runs a dump and compares all that it gives with what the graph gives.
    func expectSameResults(_ dump: String, options: [String], _ what: String) throws {
      var results = try Self.results(
        ["run", dump, "--function", program.function] + inputs + options, folder, to: UUID().uuidString)
      // Kernels know a result that is no loss and no metric by its number.
      if let plain = results.removeValue(forKey: "result0.npy") { results[expected.keys.first!] = plain }
      #expect(results.keys.sorted() == expected.keys.sorted(), "\(what)")
      for (name, bytes) in results { #expect(bytes == expected[name], "\(what): '\(name)' has other bits") }
    }

    /// The files that a run writes.
    private static func results(_ arguments: [String], _ folder: TestFolder, to name: String) throws -> [String: Data] {
      let outcome = try fragua(arguments + ["--out", name], in: folder.path)
      try #require(outcome.status == 0, "\(arguments.joined(separator: " ")): \(outcome.error)")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.file(name))
      try #require(!files.isEmpty)
      return try Dictionary(uniqueKeysWithValues: files.map { ($0, try folder.bytes("\(name)/\($0)")) })
    }
  }
}
