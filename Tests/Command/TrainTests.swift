import Foundation
import FraguaData
import FraguaTensors
import FraguaTraining
import Testing

/// `fragua train` and what is done with what it saves.
@Suite(.timeLimit(.minutes(10))) struct TrainTests {
  private static let csv = repository + "/graphs/data/students.csv"
  private static let students = ["--data", "x=\(csv):classes,hours", "--data", "y=\(csv):passed"]

  /// Trains `graphs/student.graph` and gives what it saved.
  private func train(_ options: String..., data: [String] = students) throws -> Checkpoint {
    let folder = try TestFolder()
    let outcome = try fragua(["train", "graphs/student.graph", "--out", folder.path] + data + options)
    try #require(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.lines.last == "saved " + folder.file("parameters.safetensors"))
    return try Checkpoint(contentsOf: folder.file("parameters.safetensors"))
  }

  /// Checks that both have the same tensors, bit for bit.
  private func expectSame(_ a: Checkpoint, _ b: Checkpoint, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.parameters.keys.sorted() == b.parameters.keys.sorted(), sourceLocation: sourceLocation)
    for (name, tensor) in a.parameters {
      #expect(b.parameters[name].map(tensor.hasSameBits) == true, "'\(name)'", sourceLocation: sourceLocation)
    }
    #expect(a.progress == b.progress, sourceLocation: sourceLocation)
  }

  /// A line an epoch for people; the file holds the parameters by their names, and predict and run take it.
  @Test func savesWhatPredictAndRunTake() throws {
    let folder = try TestFolder()
    let outcome = try fragua(
      ["train", "graphs/student.graph", "--epochs", "2", "--out", folder.path + "/new"] + Self.students)
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(outcome.lines.count == 4)
    #expect(outcome.lines[0].contains("@fit of graphs/student.graph: 2000 rows in batches of 32, 1 thread; "))
    #expect(outcome.lines[1].contains(#/^epoch 1/2  loss [0-9.]+  accuracy [0-9.]+  [0-9]/#))
    let parameters = folder.file("new/parameters.safetensors")
    let saved = try Safetensors.read(parameters)
    #expect(Set(saved.names).isSuperset(of: ["w1", "b1", "w2", "b2", "fit.step", "fit.learning_rate"]))
    #expect(saved["fit.step"]!.doubles == [126])
    #expect(saved.metadata["epoch"] == "2")

    let x = "x=\(Self.csv):classes,hours"
    for name in ["p.csv", "p.npy", "p.safetensors"] {
      try succeed(
        "predict", "graphs/student.graph", "--params", parameters, "--data", x, "--out", folder.file(name))
    }
    let array = try NPY.read(folder.file("p.npy"))
    #expect(array.extents == [2000, 1] && array.doubles.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(try Safetensors.read(folder.file("p.safetensors"))["p"]!.hasSameBits(as: array))
    let lines = folder.text("p.csv").split(separator: "\n")
    #expect(lines[0] == "p" && lines.dropFirst().map { Float($0)! } == array.doubles.map { Float($0) })
    // A batch is as good as another, and as one run of all rows.
    try succeed(
      "predict", "graphs/student.graph", "--params", parameters, "--data", x, "--batch", "7", "--out",
      folder.file("batches.npy"))
    #expect(try NPY.read(folder.file("batches.npy")).hasSameBits(as: array))
    try succeed(
      "run", "graphs/student.graph", "--params", parameters, "--data", x, "--out", folder.file("run"))
    #expect(try NPY.read(folder.file("run/p.npy")).hasSameBits(as: array))
  }

  /// A figure has the name that the training gives it, or that of its function.
  @Test func predictNamesFigures() throws {
    let folder = try TestFolder()
    try train("--epochs", "1").write(to: folder.file("p.safetensors"))
    for (function, name) in [("loss", "loss"), ("accuracy", "accuracy")] {
      let arguments = [
        "predict", "graphs/student.graph", "--function", function, "--params", folder.file("p.safetensors"),
      ]
      let outcome = try fragua(arguments + Self.students)
      #expect(outcome.output.contains(try Regex("^\(name) 0[.][0-9]+\\n$")), "\(outcome.output)\(outcome.error)")
      let object = try #require(try fragua(arguments + Self.students + ["--json"]).objects().first)
      #expect((object["means"] as? [String: Double])?.keys.sorted() == [name])
    }
  }

  /// Two epochs and three more are five, bit for bit.
  @Test func resumes() throws {
    let folder = try TestFolder()
    let whole = try train("--epochs", "5", "--seed", "3")
    let first = try train("--epochs", "2", "--seed", "3")
    try first.write(to: folder.file("two.safetensors"))
    let rest = try train("--epochs", "3", "--init", folder.file("two.safetensors"))
    expectSame(rest, whole)
    #expect(rest.progress?.epochs == 5)
    // From the parameters alone the optimizer starts anew.
    try Checkpoint(parameters: first.parameters.filter { !$0.key.contains(".") }).write(
      to: folder.file("p.safetensors"))
    let anew = try train("--epochs", "3", "--seed", "3", "--init", folder.file("p.safetensors"))
    #expect(anew.progress?.epochs == 3 && !anew.parameters["w1"]!.hasSameBits(as: whole.parameters["w1"]!))
  }

  @Test func sameBitsAtAnyNumberOfThreads() throws {
    let one = try train("--epochs", "2", "--threads", "1", "--batch", "700")
    for threads in ["2", "4"] { expectSame(try train("--epochs", "2", "--threads", threads, "--batch", "700"), one) }
  }

  /// A network that is worth several threads, on each of them.
  @Test func sameBitsAtAnyNumberOfThreadsInALargeNetwork() throws {
    let folder = try TestFolder()
    let pixels = (0..<300 * 784).map { UInt8(truncatingIfNeeded: ($0 &* $0) / 11 &+ $0) }
    try NPY.write(Tensor([300, 28, 28], pixels), to: folder.file("x.npy"))
    try NPY.write(Tensor([300], (0..<300).map { UInt8($0 % 10) }), to: folder.file("y.npy"))
    func bytes(_ options: [String]) throws -> Data {
      let name = UUID().uuidString
      let outcome = try fragua(
        ["train", "\(repository)/graphs/fashion.graph", "--data", "x=x.npy", "--data", "y=y.npy", "--epochs", "1"]
          + ["--batch", "128", "--out", name] + options, in: folder.path)
      try #require(outcome.status == 0, "\(outcome.error)")
      return try folder.bytes(name + "/parameters.safetensors")
    }
    let one = try bytes(["--threads", "1"])
    #expect(try bytes(["--threads", "2"]) == one)
    #expect(try bytes(["--threads", "4"]) == one)
    #expect(try bytes(["--threads", "2", "--no-plan"]) == one)
    #expect(try bytes(["--threads", "2", "--poison"]) == one)
  }

  /// Every instruction set with fused multiply-adds that the machine has gives the same bits; others are refused.
  @Test(arguments: ["avx2", "avx512", "neon"]) func sameBitsOnAnyInstructionSet(set: String) throws {
    let folder = try TestFolder()
    let outcome = try fragua(
      ["train", "graphs/student.graph", "--epochs", "2", "--cpu", set, "--out", folder.path] + Self.students)
    if outcome.status == 1 {
      #expect(outcome.error.hasPrefix("error: this processor cannot run code for '\(set)'\nnote: its best instruction"))
      #expect(folder.contents == [])
    } else {
      expectSame(
        try Checkpoint(contentsOf: folder.file("parameters.safetensors")), try train("--epochs", "2"))
    }
  }

  /// The rows of the last, smaller batch count: the figures are those of all rows, and so is the number of steps.
  @Test func trainsOnTheLastBatch() throws {
    let folder = try TestFolder()
    try folder.write("five.csv", "a,b,y\n1,2,0\n9,9,1\n3,1,0\n8,7,1\n10,12,0\n")
    let data = ["--data", "x=\(folder.file("five.csv")):a,b", "--data", "y=\(folder.file("five.csv")):y"]
    let all = try train("--epochs", "1", "--batch", "2", "--no-shuffle", data: data)
    #expect(all.parameters["fit.step"]!.doubles == [3] && all.progress?.rows == 5)
    try folder.write("four.csv", "a,b,y\n1,2,0\n9,9,1\n3,1,0\n8,7,1\n")
    let four = ["--data", "x=\(folder.file("four.csv")):a,b", "--data", "y=\(folder.file("four.csv")):y"]
    let without = try train("--epochs", "1", "--batch", "2", "--no-shuffle", data: four)
    #expect(without.parameters["fit.step"]!.doubles == [2])
    #expect(!all.parameters["w1"]!.hasSameBits(as: without.parameters["w1"]!))
  }

  /// Ctrl-C saves after the present step and ends with 130; going on as it says gives what never stopping gives.
  @Test func interruptionLosesNothing() throws {
    let folder = try TestFolder()
    // Enough rows, one a step, that an interruption falls inside an epoch.
    let rows = 20_000
    let x = (0..<2 * rows).map { Float(($0 * 37) % 101) / 10 }
    let y = (0..<rows).map { x[2 * $0] > x[2 * $0 + 1] ? Float(1) : 0 }
    try NPY.write(Tensor([rows, 2], x), to: folder.file("x.npy"))
    try NPY.write(Tensor([rows, 1], y), to: folder.file("y.npy"))
    func arguments(_ options: String...) -> [String] {
      ["train", repository + "/graphs/student.graph", "--data", "x=x.npy", "--data", "y=y.npy", "--batch", "1"]
        + options
    }
    let process = try FraguaProcess(
      arguments("--epochs", "100000", "--out", "stopped", "--json"), in: folder.path)
    let begin = ContinuousClock.now
    while !process.output.contains("\n"), .now - begin < .seconds(60) { usleep(2000) }
    process.interrupt()
    let outcome = process.wait(timeoutSeconds: 30)
    #expect(outcome.status == 130)
    _ = try outcome.objects()
    let path = "stopped/parameters.safetensors"
    let stopped = try Checkpoint(contentsOf: folder.file(path))
    let progress = try #require(stopped.progress)
    #expect(outcome.lines.count == progress.epochs)
    #expect(outcome.error == "note: interrupted; go on with '--init \(path) --epochs \(100_000 - progress.epochs)'\n")
    #expect(stopped.parameters["fit.step"]!.doubles == [Double(progress.epochs * rows + progress.steps)])

    let rest = try fragua(arguments("--init", path, "--epochs", "1", "--out", "rest"), in: folder.path)
    let whole = try fragua(arguments("--epochs", "\(progress.epochs + 1)", "--out", "whole"), in: folder.path)
    #expect(rest.status == 0 && whole.status == 0)
    #expect(
      try folder.bytes("rest/parameters.safetensors") == folder.bytes("whole/parameters.safetensors"),
      "stopped in epoch \(progress.epochs + 1), step \(progress.steps)")
  }

  /// A loss that is no number stops the training, says where, and leaves the checkpoint of before.
  @Test func keepsTheCheckpointWhereTheLossIsNotFinite() throws {
    let folder = try TestFolder()
    let text = try String(contentsOfFile: repository + "/graphs/perceptron.graph", encoding: .utf8)
    try folder.write(
      "wild.graph",
      text.replacing("activation = sigmoid", with: "activation = none")
        .replacing("learning_rate = 0.5", with: "learning_rate = 1e30"))
    try folder.write("data.csv", "a,b,y\n1,2,0\n9,9,1\n3,1,0\n8,7,1\n")
    try folder.write("parameters.safetensors", "what was there before")
    let outcome = try fragua(
      ["train", "wild.graph", "--data", "x=data.csv:a,b", "--data", "y=data.csv:y", "--batch", "1", "--out", "."],
      in: folder.path)
    #expect(outcome.status == 1)
    let pattern = /^wild.graph:[0-9]+:1: error: the loss of '@fit' is (inf|nan) in epoch 1, step [2-4]\n/
    #expect(outcome.error.contains(pattern), "\(outcome.error)")
    #expect(outcome.error.contains("note: a smaller learning rate"))
    #expect(folder.text("parameters.safetensors") == "what was there before")
  }

  /// Data in any format are the same data.
  @Test func formats() throws {
    let folder = try TestFolder()
    let x = Tensor([4, 2], [1, 2, 9, 9, 3, 1, 8, 7] as [Float])
    let y = Tensor([4, 1], [0, 1, 0, 1] as [Float])
    try NPY.write(x, to: folder.file("x.npy"))
    try NPY.write(y, to: folder.file("y.npy"))
    try Safetensors([.init("x", x), .init("y", y)]).write(to: folder.file("d.safetensors"))
    try folder.write("d.csv", "b,y,a\n2,0,1\n9,1,9\n1,0,3\n7,1,8\n")
    let f = folder.path
    let arrays = try train("--epochs", "2", "--batch", "3", data: ["--data", "x=\(f)/x.npy", "--data", "y=\(f)/y.npy"])
    for data in [["x=\(f)/d.csv:a,b", "y=\(f)/d.csv:y"], ["x=\(f)/d.safetensors:x", "%y=\(f)/d.safetensors:y"]] {
      expectSame(
        try train("--epochs", "2", "--batch", "3", data: data.flatMap { ["--data", $0] }), arrays)
    }
  }
}
