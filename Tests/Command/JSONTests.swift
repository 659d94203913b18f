import Foundation
import Testing

/// `--json` gives one object a line on standard output, and nothing else there.
@Suite(.timeLimit(.minutes(10))) struct JSONTests {
  private let data = [
    "--data", "x=graphs/data/students.csv:classes,hours", "--data", "y=graphs/data/students.csv:passed",
  ]

  /// The objects that a command prints, whose status is 0.
  private func objects(_ arguments: [String]) throws -> [[String: Any]] {
    let outcome = try fragua(arguments + ["--json"])
    try #require(outcome.status == 0, "\(arguments): \(outcome.error)")
    let objects = try outcome.objects()
    #expect(!objects.isEmpty)
    return objects
  }

  @Test func train() throws {
    let folder = try TestFolder()
    let validation = [
      "--validation", "x=graphs/data/students-test.csv:classes,hours", "--validation",
      "y=graphs/data/students-test.csv:passed",
    ]
    let epochs = try objects(
      ["train", "graphs/student.graph", "--epochs", "3", "--out", folder.path] + data + validation)
    #expect(epochs.map { $0["epoch"] as? Int } == [1, 2, 3])
    for epoch in epochs {
      #expect(Set(epoch.keys) == ["epoch", "loss", "metrics", "validation", "seconds"])
      #expect(epoch["loss"] is Double && (epoch["seconds"] as? Double).map { $0 >= 0 } == true)
      #expect((epoch["metrics"] as? [String: Double])?.keys.sorted() == ["accuracy"])
      let validation = try #require(epoch["validation"] as? [String: Any])
      #expect(validation["loss"] is Double && (validation["metrics"] as? [String: Double])?["accuracy"] != nil)
    }
    let without = try objects(["train", "graphs/student.graph", "--epochs", "1"] + data)
    #expect(without.first?["validation"] is NSNull)
  }

  @Test func check() throws {
    let good = try objects(["check", "graphs/student.graph"])
    #expect(good.count == 1 && good[0]["ok"] as? Bool == true && good[0]["parameters"] as? Int == 4)
    let folder = try TestFolder()
    let path = try folder.write(
      "bad.graph",
      """
      graph @bad version 1

      func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
        %y = negat %x
        %z = add %x, @w
        return %z
      }

      """)
    let outcome = try fragua(["check", path, "--json"])
    #expect(outcome.status == 1 && outcome.error == "")
    let errors = try outcome.objects()
    #expect(errors.map { $0["line"] as? Int } == [4, 5])
    for error in errors {
      #expect(error["severity"] as? String == "error" && error["file"] as? String == path && error["column"] is Int)
      #expect((error["message"] as? String)?.hasPrefix("unknown ") == true && error["notes"] is [[String: Any]])
    }
  }

  @Test func run() throws {
    let results = try objects(["run", "graphs/perceptron.graph", "--data", "x=[[-1, 2], [0, 0]]"])
    #expect(results.count == 1 && results[0]["name"] as? String == "p")
    #expect(results[0]["type"] as? String == "tensor<2x1xf32>" && (results[0]["value"] as? [[Double]])?.count == 2)
    let folder = try TestFolder()
    let saved = try objects(["run", "graphs/perceptron.graph", "--data", "x=[[-1, 2]]", "--out", folder.path])
    #expect(saved.map { $0["out"] as? String } == [folder.file("p.npy")])
    let step = try objects(
      ["run", "graphs/perceptron.graph", "--function", "fit", "--data", "x=[[-1, 2]]", "--data", "y=[[1]]"]
        + ["--out", folder.path])
    #expect(step.map { $0["parameters"] as? String }.contains(folder.file("parameters.safetensors")))
  }

  /// What is no number in JSON is null.
  @Test func notANumber() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "log.graph",
      """
      graph @log version 1

      func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
        %y = log %x
        return %y
      }

      """)
    let results = try objects(["run", path, "--data", "x=[1, 0, -1, 2.5]"])
    let values = try #require(results.first?["value"] as? [Any])
    #expect(values[0] as? Double == 0 && values[1] is NSNull && values[2] is NSNull && values[3] is Double)
  }

  @Test func predict() throws {
    let folder = try TestFolder()
    #expect(try fragua(["train", "graphs/student.graph", "--epochs", "1", "--out", folder.path] + data).status == 0)
    let parameters = ["--params", folder.file("parameters.safetensors")]
    let rows = try objects(
      ["predict", "graphs/student.graph", "--out", folder.file("p.csv")] + data.prefix(2) + parameters)
    #expect(rows.count == 1 && rows[0]["rows"] as? Int == 2000 && rows[0]["out"] as? String == folder.file("p.csv"))
    let means = try objects(["predict", "graphs/student.graph", "--function", "@loss"] + data + parameters)
    #expect(means.count == 1 && (means[0]["means"] as? [String: Double])?.count == 1)
  }

  @Test func print() throws {
    let graph = "graphs/student.graph"
    for options in [[], ["--after", "fuse", "--bind", "B=4"], ["--stage", "asm", "--bind", "B=4"]] {
      let object = try objects(["print", graph] + options)[0]
      let plain = try fragua(["print", graph] + options).output
      #expect(object["text"] as? String == plain && object["file"] as? String == graph)
    }
    let decisions = try objects(["print", graph, "--explain-fusion", "--bind", "B=4"])
    #expect(!decisions.isEmpty)
    let refused = try objects([
      "print", "graphs/fashion.graph", "--function", "@predict", "--explain-fusion", "--bind", "B=4",
    ])[0]
    #expect(refused["form"] as? String == "lanes" && refused["decision"] as? String == "refused")
    #expect((refused["reason"] as? String)?.contains("cannot be computed row by row") == true)
    for decision in decisions {
      #expect(["fused", "not fused", "computed again"].contains(decision["decision"] as? String))
      #expect(decision["reason"] is String && decision["producer"] is String && decision["bytes"] is Int)
    }
  }

  @Test func listsAndBench() throws {
    #expect(try objects(["ops"]).count > 50)
    #expect(try objects(["passes"]).count == 16)
    #expect(try objects(["bench", "graphs/bench/student.graph", "--seconds", "0"]).count == 1)
    let sweep = try objects(["bench", "graphs/perceptron.graph", "--sweep", "3"])
    #expect(sweep.dropLast().map { $0["batch"] as? Int } == [1, 2, 3])
    #expect(sweep.dropLast().allSatisfy { $0["step_us"] is Double && $0["row_ns"] is Double })
    #expect((2...3).contains(try #require(sweep.last?["worst_batch"] as? Int)))
    let kernels = try objects(["bench", "graphs/bench/tiny-deep.graph", "--seconds", "0", "--kernels"])
    #expect(kernels.count > 20)
    for kernel in kernels.dropLast() {
      #expect(Set(kernel.keys) == ["kernel", "form", "origin", "us", "share", "wait_us", "bytes", "flops"])
      #expect((kernel["us"] as? Double).map { $0 > 0 } == true && (kernel["bytes"] as? Int).map { $0 > 0 } == true)
    }
    let shares = kernels.dropLast().reduce(0.0) { $0 + ($1["share"] as? Double ?? 0) }
    #expect((0.1...1.5).contains(shares))
  }

  /// A mistake leaves standard output empty.
  @Test func mistakes() throws {
    for command in ["train", "run", "print", "bench"] {
      let outcome = try fragua([command, "none.graph", "--json"])
      #expect(outcome.status == 1 && outcome.output == "")
      #expect(outcome.error == "error: cannot read 'none.graph': no such file or directory\n")
    }
  }
}
