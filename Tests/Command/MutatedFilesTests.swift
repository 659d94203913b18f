import Foundation
import FraguaData
import FraguaTensors
import TestSupport
import Testing

/// Whatever is in its files, the command says what is wrong, in time, or does what it was asked: graphs, dumps of every
/// stage, data and parameters with mistakes in them.
///
/// More than `make test` runs, from which seed on, and of another build of the command:
/// ```
/// FRAGUA_COMMAND_MUTATIONS=5000 FRAGUA_RANDOM_SEED=1000 FRAGUA_EXECUTABLE=.build/address/release/fragua \
///   swift test -c release --skip-build --filter MutatedFilesTests
/// ```
@Suite(.timeLimit(.minutes(60 * 24))) struct MutatedFilesTests {
  /// A file that the command takes, and what it is asked to do with it besides `check`.
  struct Example {
    /// The name of the file that is changed.
    let file: String
    let bytes: [UInt8]
    /// Commands, the first of which is `check` where the file is a program.
    let commands: [[String]]
  }

  /// How often a command ended how.
  struct Counts {
    var runs = 0
    var accepted = 0
    var refused = 0
  }

  @Test func refusedOrRun() throws {
    let seeds = RandomCases.seeds("FRAGUA_COMMAND_MUTATIONS", default: 80)
    let start = ContinuousClock.now
    let examples = try Self.examples()
    let folder = try Self.folder()
    var counts = Counts()
    for seed in seeds {
      var mutator = TextMutator(seed: seed, texts: examples.map(\.bytes))
      let (number, bytes) = mutator.next()
      RandomCases.note(seed: seed, bytes)
      try check(examples[number], bytes, in: folder, seed, &counts)
    }
    print(
      "MutatedFilesTests: \(seeds.count) files from seed \(seeds.lowerBound) in \(ContinuousClock.now - start); "
        + "\(counts.runs) runs of the command, \(counts.accepted) did as asked, \(counts.refused) refused")
    // About one file in ten is accepted.
    if seeds.count >= 80 { #expect(counts.accepted > 0 && counts.refused > 0) }
  }

  /// Runs the commands of `example` on its file with the contents `bytes`.
  private func check(
    _ example: Example, _ bytes: [UInt8], in folder: TestFolder, _ seed: UInt64, _ counts: inout Counts
  ) throws {
    try folder.write(example.file, bytes)
    // The others find theirs as it was.
    let isProgram = example.commands[0][0] == "check"
    for command in example.commands {
      let outcome = try FraguaProcess(command, in: folder.path).wait(timeoutSeconds: 60)
      counts.runs += 1
      let what = "seed \(seed), 'fragua \(command.joined(separator: " "))': \(outcome.error.prefix(600))"
      guard outcome.status == 0 || outcome.status == 1 else {
        Issue.record("\(what) [exit \(outcome.status)]")
        continue
      }
      // What sanitizers say counts whatever the status is.
      #expect(!outcome.error.contains("Sanitizer"), "\(what)")
      counts.accepted += outcome.status == 0 ? 1 : 0
      counts.refused += outcome.status == 1 ? 1 : 0
      guard outcome.status == 1 else { continue }
      let first = String(outcome.error.prefix { $0 != "\n" })
      #expect(first.contains(": error: ") || first.hasPrefix("error: "), "\(what)")
      #expect(outcome.error.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.value >= 0x20 }, "\(what)")
      #expect(!first.contains("defect"), "\(what)")
      if command[0] == "check" {
        // An error of a program has a place; what it is refused for, no other command need say again.
        #expect(first.hasPrefix("\(example.file):"), "\(what)")
        break
      }
      // What 'check' accepts is not wrong in itself, though it may not fit the data or the memory.
      if isProgram, first.hasPrefix("\(example.file):") {
        #expect(first.contains(" of memory") || first.contains("is not bound"), "\(what)")
      }
    }
    if !isProgram { try folder.write(example.file, example.bytes) }
  }

  // MARK: Examples

  /// Data for the samples of ``MutationSeeds``, parameters for their dumps.
  private static func folder() throws -> TestFolder {
    let folder = try TestFolder()
    for sample in MutationSeeds.samples { try folder.write("\(sample.name).graph", sample.text) }
    for (name, tensor) in data { try NPY.write(tensor, to: folder.file("\(name).npy")) }
    for (name, bytes) in files { try folder.write(name, bytes) }
    return folder
  }

  /// Arguments by the names of sample and argument.
  private static let data: [(name: String, tensor: Tensor)] = [
    ("lanes.x", Tensor([3, 2], [1, 2, 3, 4, 5, 6] as [Float])), ("table.words", Tensor([3], [1, 2, 3] as [Int32])),
    ("table.y", Tensor([3], [0, 1, 2] as [Int32])),
    ("views.x", Tensor([38, 40], (0..<38 * 40).map { Float($0 % 17) })),
    ("reductions.x", Tensor([17, 70], (0..<17 * 70).map { Double($0 % 23) - 11 })),
    ("reductions.n", Tensor([17, 70], (0..<17 * 70).map { Int32($0 % 29) - 14 })),
  ]

  /// `--data` for a function of a sample.
  private static func arguments(of sample: String, _ function: String) -> [String] {
    let names: [String] =
      switch (sample, function) {
      case ("table", "predict"): ["words"]
      case ("table", _): ["words", "y"]
      case ("reductions", _): ["x", "n"]
      default: ["x"]
      }
    return names.flatMap { ["--data", "\($0)=\(sample).\($0).npy"] }
  }

  /// Files of data and parameters that training takes.
  private static let files: [(name: String, bytes: [UInt8])] = {
    let folder = try! TestFolder()
    let path = folder.file("parameters.safetensors")
    let entries = [
      Safetensors.Entry("w", Tensor([2, 2], [3, 0.5, -2, 1] as [Float])),
      Safetensors.Entry("b", Tensor([2], [1, 0.25] as [Float])),
    ]
    try! Safetensors(entries).write(to: path)
    try! NPY.write(data[0].tensor, to: folder.file("x.npy"))
    return [
      ("x.csv", Array("a,b\n1,2\n3,4.5\n-5,6e-1\n7,8\n".utf8)), ("x.npy", Array(try! folder.bytes("x.npy"))),
      ("parameters.safetensors", Array(try! folder.bytes("parameters.safetensors"))),
    ]
  }()

  private static func examples() throws -> [Example] {
    let folder = try Self.folder()
    var examples: [Example] = []
    for sample in MutationSeeds.samples {
      let bytes = Array(sample.text.utf8)
      let bind = sample.text.contains("tensor<Bx") || sample.text.contains("tensor<B") ? ["--bind", "B=3"] : []
      for function in sample.functions {
        let (name, values) = (["--function", "@" + function], arguments(of: sample.name, function))
        let file = "m.graph"
        func example(_ file: String, _ bytes: [UInt8], _ more: [[String]]) {
          examples.append(
            Example(file: file, bytes: bytes, commands: [["check", file, "--cpu", "avx2"]] + more))
        }
        let compiled = ["--cpu", "avx2", "--threads", "2", "--no-cache"]
        example(
          file, bytes,
          [
            ["run", file] + name + values + compiled, ["run", file, "--interpret"] + name + values,
            ["print", file, "--stage", "plan", "--cpu", "avx2"] + name + bind,
          ])
        for pass in ["inline", "differentiate", "decompose", "simplify", "fuse"] {
          let dump = try succeed(
            ["print", "\(sample.name).graph", "--after", pass] + name + bind, in: folder.path)
          example(file, Array(dump.utf8), [["run", file] + name + values + compiled])
        }
        for stage in ["kernels", "schedule", "plan"] {
          let dump = try succeed(
            ["print", "\(sample.name).graph", "--stage", stage, "--cpu", "avx2", "--threads", "2"] + name + bind,
            in: folder.path)
          example(
            "m.kernels", Array(dump.utf8),
            [["print", "m.kernels", "--stage", "plan", "--cpu", "avx2"], ["run", "m.kernels"] + values + compiled])
        }
      }
    }
    let train = ["train", "lanes.graph", "--epochs", "2", "--threads", "1"]
    for (file, bytes) in files {
      let source = file == "parameters.safetensors" ? "x.csv:a,b" : file == "x.csv" ? "x.csv:a,b" : "x.npy"
      let initial = file == "parameters.safetensors" ? ["--init", file] : []
      examples.append(Example(file: file, bytes: bytes, commands: [train + ["--data", "x=\(source)"] + initial]))
    }
    return examples
  }

  /// What a command prints that must succeed.
  private static func succeed(_ arguments: [String], in directory: String) throws -> String {
    let outcome = try fragua(arguments, in: directory)
    try #require(outcome.status == 0, "\(arguments): \(outcome.error)")
    return outcome.output
  }
}
