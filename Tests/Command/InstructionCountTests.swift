import Foundation
import FraguaCodeGen
import FraguaScheduling
import Testing

/// The instructions of a step and of compiling, counted: what is slower shows on any machine, whatever else runs there.
@Suite(.timeLimit(.minutes(10))) struct InstructionCountTests {
  /// What a training step of `graphs/bench/student.graph` takes on AVX2 and one thread, 32 rows. A change for the
  /// better is written down here; one for the worse is a defect.
  ///
  /// All but about 87, of the step function and of what calls it, are the one kernel's.
  static let instructionsOfStudentStep = 1284.0

  @Test(.enabled(if: Callgrind.isThere && Processor.canRun(.avx2), "needs valgrind, and a processor with AVX2"))
  func studentStepIsAsBefore() throws {
    let folder = try TestFolder()
    let executable = try Callgrind.executable(in: folder)
    // So many steps that it does not matter what else a run does, which differs by some thousand instructions.
    let runs = try [100, 40_100].map { steps in
      let options = ["--cpu", "avx2", "--threads", "1", "--steps", String(steps)]
      return try Callgrind(["bench", "graphs/bench/student.graph"] + options, executable, folder)
    }
    let counts = try runs.map { try $0.instructions() }
    let (first, second) = (counts[0], counts[1])
    let objects = Set(first.keys).union(second.keys)
    let step = Dictionary(
      uniqueKeysWithValues: objects.map { ($0, Double(second[$0, default: 0] - first[$0, default: 0]) / 40_000) })

    let total = step.values.reduce(0, +)
    #expect(abs(total - Self.instructionsOfStudentStep) <= 0.05 * Self.instructionsOfStudentStep, "\(total) a step")
    let generated = try #require(step[Callgrind.generatedCode], "no generated code was run")
    let calling = try #require(step[executable])
    #expect(calling < 0.05 * generated, "\(calling) a step beside the \(generated) of generated code")
    // A step allocates nothing, counts no references, asks the system nothing.
    let others = step.filter { $0.key != Callgrind.generatedCode && $0.key != executable && abs($0.value) >= 1 }
    #expect(others.isEmpty)
  }

  /// All passes, lowering, scheduling and planning take time in proportion to a net's depth: 200 layers more than 200
  /// take twice as much as 100 more than 100. Something that grows with the square of the depth makes it 2.05 where it
  /// is a thirtieth of the whole at 400 layers.
  @Test(.enabled(if: Callgrind.isThere, "needs valgrind")) func planningIsInProportion() throws {
    let folder = try TestFolder()
    let executable = try Callgrind.executable(in: folder)
    let runs = try [100, 200, 400].map { layers in
      let file = try folder.write("deep-\(layers).graph", Self.net(layers: layers))
      let options = ["--function", "@fit", "--bind", "B=32", "--cpu", "avx2", "--threads", "2", "--stage", "plan"]
      return try Callgrind(["print", file] + options, executable, folder)
    }
    let counts = try runs.map { try Double($0.instructions().values.reduce(0, +)) }
    let growth = (counts[2] - counts[1]) / (counts[1] - counts[0])
    #expect((1.9...2.05).contains(growth), "\(counts) instructions")
  }

  /// The text of a perceptron like `graphs/bench/deep-1000.graph`.
  private static func net(layers: Int) -> String {
    let parameters = (1...layers).map { layer in
      "param @w\(layer): tensor<16x16xf32> = normal(stddev = 0.35)\nparam @b\(layer): tensor<16xf32> = zeros\n"
    }
    let dense = (1...layers).map { layer in
      "  %h\(layer) = dense %h\(layer - 1), @w\(layer), @b\(layer) {activation = tanh}\n"
    }
    return """
      graph @deep version 1
      \(parameters.joined())
      func @loss(%h0: tensor<Bx16xf32>, %y: tensor<Bx16xf32>) -> tensor<f32> {
      \(dense.joined())
        %m = mean_squared_error %h\(layers), %y
        return %m
      }
      train @fit minimize @loss { optimizer = sgd(learning_rate = 0.001) }
      """
  }
}

/// A run of the command under Valgrind, which counts the instructions.
private struct Callgrind {
  /// The object that instructions belong to which were generated while the command ran.
  static let generatedCode = "???"

  /// Whether there is one on this machine.
  static let isThere = (try? run("valgrind", "--version").status) == 0

  private let process: FraguaProcess
  private let folder: TestFolder
  /// The name of the file for the counts.
  private let counts = "counts-\(UUID().uuidString)"

  /// Starts a run of `executable`, a path, with `arguments`; the counts go to `folder`.
  init(_ arguments: [String], _ executable: String, _ folder: TestFolder) throws {
    self.folder = folder
    // Tables in which hashes differ from run to run would cost a little more or less.
    let runner = [
      "/usr/bin/env", "SWIFT_DETERMINISTIC_HASHING=1", "valgrind", "--tool=callgrind", "--compress-strings=no",
      "--callgrind-out-file=\(folder.file(counts))", executable,
    ]
    process = try FraguaProcess(arguments, in: repository, runner: runner)
  }

  /// Waits for the end; the instructions that each object took, by its path.
  func instructions() throws -> [String: Int] {
    let outcome = process.wait(timeoutSeconds: 540)
    try #require(outcome.status == 0, "\(outcome.error)")
    return try Self.instructions(folder.text(counts))
  }

  /// Reads what Callgrind wrote: lines `ob=` with an object, behind them lines with a position and a count. The line
  /// behind one with `calls=` has what was called all in all, which is counted where it was executed.
  static func instructions(_ text: String) throws -> [String: Int] {
    var result: [String: Int] = [:]
    var object = ""
    var isOfCall = false
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: "ob=".utf8) {
        object = String(Substring(line.dropFirst(3)))
      } else if line.starts(with: "calls=".utf8) {
        isOfCall = true
      } else if let first = line.first, first < UInt8(ascii: ":"), first != UInt8(ascii: "#") {
        if !isOfCall {
          let count = try #require(line.split(separator: UInt8(ascii: " ")).last.flatMap { Int(Substring($0)) })
          result[object, default: 0] += count
        }
        isOfCall = false
      }
    }
    return result
  }

  /// The path of a copy of the command without the notes for debuggers, some of which Valgrind cannot read.
  static func executable(in folder: TestFolder) throws -> String {
    let path = folder.file("fragua")
    let outcome = try run("strip", "--strip-debug", "-o", path, FraguaProcess.executable)
    try #require(outcome.status == 0, "\(outcome.error)")
    return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// Runs a program that `PATH` has.
  private static func run(_ program: String...) throws -> FraguaProcess.Outcome {
    try FraguaProcess(program, in: repository, runner: ["/usr/bin/env"]).wait()
  }
}
